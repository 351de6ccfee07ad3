/** What to do if the operator lacks a right that a newer version of its role has. */
export const applyRole =
  'apply the role of this version of the operator (kubectl apply -f manifests/rbac.yaml)';

/** What to type if the API server does not know the type HAService. */
export const applyCrd = 'the CRD is missing: `kubectl apply -k crds`';

/** What to type if the operator may not make another object the owner of a volume claim. */
export const allowDeletion =
  'by volumeClaimRetentionPolicy Kubernetes is to delete the claim, and this cluster asks the operator for the right to do so: `kubectl apply -f examples/delete-claims.yaml`, or write Retain';
