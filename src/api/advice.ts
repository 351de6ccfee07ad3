/** What to do if the operator lacks a right that a newer version of its role has. */
export const applyRole =
  'apply the role of this version of the operator (kubectl apply -f manifests/rbac.yaml)';
