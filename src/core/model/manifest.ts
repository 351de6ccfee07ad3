import { apiVersion, kind } from '../../api/haservice.ts';
import type { Resource } from './observed.ts';

/** A Kubernetes object as it is to be written. */
export interface Manifest {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: OwnerReference[];
  };
  [field: string]: unknown;
}

export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller: boolean;
  blockOwnerDeletion: boolean;
}

/** The claim is deleted with the resource, and the resource does not control the claim. */
export const claimOwnerReference = (resource: Resource): OwnerReference => ({
  ...ownerReference(resource),
  controller: false,
  blockOwnerDeletion: false,
});

/** The claim is deleted with a pod. */
export const podOwnerReference = (pod: { name: string; uid: string }): OwnerReference => ({
  ...{ apiVersion: 'v1', kind: 'Pod', ...pod },
  ...{ controller: false, blockOwnerDeletion: false },
});

export const ownerReference = (resource: Resource): OwnerReference => ({
  apiVersion,
  kind,
  name: resource.name,
  uid: resource.uid,
  controller: true,
  blockOwnerDeletion: true,
});
