/** Names that the operator puts on other objects. */
export const group = 'haservice.dev';
export const nameLabel = `${group}/name`;
export const roleLabel = `${group}/role`;
export const ordinalLabel = `${group}/ordinal`;
export const managedByLabel = 'app.kubernetes.io/managed-by';
/** Hash of the pod template that a pod was made from. */
export const templateHashAnnotation = `${group}/template-hash`;
/** The template hash, a slash, and a hash of the meaning of that template: equal for other texts that say the same. */
export const templateMeaningAnnotation = `${group}/template-meaning`;
/** On a pod: how the pod is reached and served, as JSON. See pod-contract.ts. */
export const contractAnnotation = `${group}/contract`;
/** Condition of a pod with a readinessProbe of the user's: the member has all its data. */
export const completeCondition = `${group}/Complete`;
/** On a volume claim: UID of the HAService for which the operator has made the claim. */
export const madeForAnnotation = `${group}/made-for`;
/** On a volume claim that is to be deleted after a pod that a scale-down removes: the UIDs of the HAService and of the pod, with a slash. */
export const scaledAwayAnnotation = `${group}/scaled-away`;
/** On an object that gets labels and annotations by the spec: their names, as JSON, so that they are removed when the spec no longer has them. */
export const appliedAnnotation = `${group}/applied`;
/** On a pod or a namespace, with the value `disabled`: chaos never hits the pod, or any pod of the namespace. */
export const chaosLabel = `${group}/chaos`;
export const chaosDisabled = 'disabled';
/** On an HAService: a time stamp asks for an experiment at once. */
export const chaosAnnotation = `${group}/chaos`;
/** On an HAService: a time stamp asks for the replacement of every pod from before. On a pod: the request that it was made for. */
export const restartAnnotation = `${group}/restart`;
/** On an HAService: a time stamp asks that a failover that is due does not wait for `failover.delay` or `failover.minInterval`. */
export const failoverNowAnnotation = `${group}/failover-now`;
/** On an HAService: a time stamp, and after a space the name of a member or zone if one is meant, asks that another member leads. */
export const switchoverAnnotation = `${group}/switchover`;
/** Whether the name of a label or annotation is the operator's own, which no user may give to an object. */
export const isOwnName = (name: string): boolean =>
  name === managedByLabel || name.startsWith(`${group}/`);
export const fieldManager = 'haservice-operator';
export const sliceManager = 'haservice-operator.haservice.dev';
