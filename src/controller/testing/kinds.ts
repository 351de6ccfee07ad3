/** The kinds that the fake cluster has, by their plural. */
export const kinds: Record<string, string> = {
  haservices: 'HAService',
  pods: 'Pod',
  services: 'Service',
  endpointslices: 'EndpointSlice',
  poddisruptionbudgets: 'PodDisruptionBudget',
  nodes: 'Node',
  persistentvolumeclaims: 'PersistentVolumeClaim',
  events: 'Event',
  configmaps: 'ConfigMap',
  namespaces: 'Namespace',
};
