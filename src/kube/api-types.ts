import type {
  EventsV1Event,
  V1ConfigMap,
  V1EndpointSlice,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
} from '@kubernetes/client-node';

/** A type of the client as it is in JSON, which has no Date. */
export type JsonOf<T> = T extends Date
  ? string
  : T extends (infer Entry)[]
    ? JsonOf<Entry>[]
    : T extends object
      ? { [Key in keyof T]: JsonOf<T[Key]> }
      : T;

/** Fields that every object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: JsonOf<V1ObjectMeta>;
}

export type Pod = JsonOf<V1Pod>;
export type Node = JsonOf<V1Node>;
export type Service = JsonOf<V1Service>;
export type EndpointSlice = JsonOf<V1EndpointSlice>;
export type PodDisruptionBudget = JsonOf<V1PodDisruptionBudget>;
export type PersistentVolumeClaim = JsonOf<V1PersistentVolumeClaim>;
export type ConfigMap = JsonOf<V1ConfigMap>;
export type Event = JsonOf<EventsV1Event>;
