import type {
  EventsV1Event,
  V1EndpointSlice,
  V1Node,
  V1ObjectMeta,
  V1PersistentVolumeClaim,
  V1Pod,
  V1PodDisruptionBudget,
  V1Service,
} from '@kubernetes/client-node';

/** A type of the client as it comes over the wire: JSON knows no Date. */
export type Wire<T> = T extends Date
  ? string
  : T extends (infer Entry)[]
    ? Wire<Entry>[]
    : T extends object
      ? { [Key in keyof T]: Wire<T[Key]> }
      : T;

/** What every object has. */
export interface KubeObject {
  apiVersion?: string;
  kind?: string;
  metadata?: Wire<V1ObjectMeta>;
}

export type Pod = Wire<V1Pod>;
export type Node = Wire<V1Node>;
export type Service = Wire<V1Service>;
export type EndpointSlice = Wire<V1EndpointSlice>;
export type PodDisruptionBudget = Wire<V1PodDisruptionBudget>;
export type PersistentVolumeClaim = Wire<V1PersistentVolumeClaim>;
export type Event = Wire<EventsV1Event>;
