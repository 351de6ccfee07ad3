/** The kinds that the operator watches, by the plural under which the API server has them. */
export const watchedKinds = [
  'haservices',
  'pods',
  'services',
  'endpointslices',
  'poddisruptionbudgets',
  'nodes',
  'persistentvolumeclaims',
] as const;
export type WatchedKind = (typeof watchedKinds)[number];
