/** Names that the operator puts on other objects. */
export const group = 'haservice.dev';
export const nameLabel = `${group}/name`;
export const roleLabel = `${group}/role`;
export const ordinalLabel = `${group}/ordinal`;
export const managedByLabel = 'app.kubernetes.io/managed-by';
/** Hash of the pod template that a pod was made from. */
export const templateHashAnnotation = `${group}/template-hash`;
export const fieldManager = 'haservice-operator';
export const sliceManager = 'haservice-operator.haservice.dev';
