import type {
  ConfigMap,
  EndpointSlice,
  Event,
  KubeObject,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Service,
} from './api-types.ts';

/** A type of object and its path on the API server. `T` is the type of its objects. */
export interface ResourceType<T extends KubeObject> {
  apiVersion: string;
  kind: string;
  plural: string;
  namespaced: boolean;
  /** What to do if the API server does not know the type. Absent: each API server does. */
  ifUnknown?: string;
  /** Never set: only carries the type. */
  readonly object?: T;
}

const namespaced = <T extends KubeObject>(
  apiVersion: string,
  kind: string,
  plural: string,
): ResourceType<T> => ({ apiVersion, kind, plural, namespaced: true });

export const pods = namespaced<Pod>('v1', 'Pod', 'pods');
export const services = namespaced<Service>('v1', 'Service', 'services');
export const endpointSlices = namespaced<EndpointSlice>(
  'discovery.k8s.io/v1',
  'EndpointSlice',
  'endpointslices',
);
/** Deprecated, but still created for each Service with a selector. */
export const endpoints = namespaced<KubeObject>('v1', 'Endpoints', 'endpoints');
export const podDisruptionBudgets = namespaced<PodDisruptionBudget>(
  'policy/v1',
  'PodDisruptionBudget',
  'poddisruptionbudgets',
);
export const persistentVolumeClaims = namespaced<PersistentVolumeClaim>(
  'v1',
  'PersistentVolumeClaim',
  'persistentvolumeclaims',
);
export const configMaps = namespaced<ConfigMap>('v1', 'ConfigMap', 'configmaps');
export const events = namespaced<Event>('events.k8s.io/v1', 'Event', 'events');
export const nodes: ResourceType<Node> = {
  apiVersion: 'v1',
  kind: 'Node',
  plural: 'nodes',
  namespaced: false,
};

export const namespaces: ResourceType<KubeObject> = {
  apiVersion: 'v1',
  kind: 'Namespace',
  plural: 'namespaces',
  namespaced: false,
};

export interface Ref {
  namespace?: string | undefined;
  name: string;
}

/** Path of a collection, or of one object of it. */
export function pathOf(
  { apiVersion, plural, namespaced: inNamespace }: ResourceType<KubeObject>,
  namespace?: string,
  name?: string,
  subresource?: string,
): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const scope = inNamespace && namespace !== undefined ? `/namespaces/${namespace}` : '';
  const object = name === undefined ? '' : `/${encodeURIComponent(name)}`;
  return `${root}${scope}/${plural}${object}${subresource === undefined ? '' : `/${subresource}`}`;
}
