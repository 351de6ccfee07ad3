import type { ServiceRole } from './naming.ts';

/** Labels and annotations of an object, or those that the user gives to an object. */
export interface GivenNames {
  labels?: Record<string, string> | undefined;
  annotations?: Record<string, string> | undefined;
}

/** A Service with one of the names that this resource needs; or only the name, which an older resource needs, too. */
export interface NamedObject {
  /** Empty: there is no Service. */
  uid: string;
  /** Its controller is this very resource, by UID; or an earlier resource of this name has left the object, which is to be taken over. */
  ours: boolean;
  /** Its owner, in words for a person. */
  owner: string;
  /** What kind of controller it has: one that makes it again if it is deleted. Absent: none. */
  controller?: 'NewerHAService' | 'Other';
  /** It belonged to a resource of the same name that is gone: Kubernetes' garbage collector is about to delete it. */
  isAwaitingGarbageCollection: boolean;
}

/** A pod with the labels of this resource or the name of a member, that this resource does not control. */
export interface ForeignPod {
  name: string;
  /** Its owner, in words for a person. */
  owner: string;
  /** That is a controller, which makes a pod again that is deleted. */
  isControlled?: true;
  /** See NamedObject. */
  isAwaitingGarbageCollection: boolean;
  /** Epoch milliseconds by which it should be gone; absent if it is not being deleted. */
  deletionAtMs?: number;
  /**
   * It was a member of an earlier resource of this name, which was deleted with `--cascade=orphan`: nothing controls the pod. Its UID,
   * by which this resource takes it over.
   */
  orphanUid?: string;
}

/** A volume claim with the label of this resource, whether spec.volumeClaimTemplates still has a template for it or not. */
export interface OwnedClaim {
  name: string;
  uid: string;
}

/** A volume claim of spec.volumeClaimTemplates that exists. */
export interface ClaimView {
  name: string;
  /** Of the member whose claim it is. */
  ordinal: number;
  /** Epoch milliseconds; NaN if that is not known. */
  createdAtMs: number;
  /** UID of the resource for which the operator has made it; absent if an operator of an earlier version, or somebody else, has. */
  madeFor?: string;
  /** It has a volume, or will get one with data (from a snapshot or another claim); and is neither being deleted nor about to be. */
  hasVolume: boolean;
  uid: string;
  isBound: boolean;
  /** The size that the claim asks for, and that its volume has, as Kubernetes writes sizes. */
  requests?: string;
  capacity?: string;
  storageClass?: string;
  /** What keeps its volume from growing, as Kubernetes reports that; or what the growth waits for. */
  resize?: { state: 'Failed' | 'FileSystemPending'; message: string };
  /** Its labels and annotations. */
  given: GivenNames;
  /** It is deleted when this resource is. */
  isOwned?: boolean;
  /** It is being deleted, or about to be: Kubernetes' garbage collector deletes it. */
  isGoing?: boolean;
  /** It has an owner besides this resource, such as one of the user's: it stays as long as that owner. */
  isOthers?: boolean;
  /** UID of the pod that a scale-down removes or has removed: the claim is to be deleted after that pod. See scaled-claims.ts. */
  scaledAway?: string;
  /** Where its volume is, if the scheduler has chosen that and the node still exists. */
  zone?: string;
}

/**
 * Endpoints that Kubernetes has made for a Service of this resource while somebody had given it a selector. They stay when the
 * selector is removed, and would send traffic to members that should have none. Kubernetes copies Endpoints into slices again and
 * again, so that both must be deleted.
 */
export interface ForeignEndpoints {
  kind: 'EndpointSlice' | 'Endpoints';
  name: string;
  uid: string;
}

export interface AdditionalSlice extends ForeignEndpoints {
  role: ServiceRole;
  /** UIDs of the pods in this slice, and in the usual one of that Service. */
  uids: string[];
  usual: string[];
}

export interface ZoneView {
  name: string;
  /** Ready, schedulable nodes without a taint that keeps these pods away. */
  nodes: number;
}
