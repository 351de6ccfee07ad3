import type { Lease } from '../../kube/api-types.ts';
import { leases, type Ref } from '../../kube/resources.ts';

/** With the number of a shard, although there is one: more of them need no other format. */
export const leaseName = 'haservice-operator-0';
/** Where the holder serves its metrics: `host:port`. A standby keeps a connection to it, which shows the holder's end. */
export const addressAnnotation = 'haservice.dev/address';

/** Of the Lease, for people and tools: the standbys use `lapseMs`. */
const durationSeconds = 2;

export const leaseRef = (namespace: string) => ({ namespace, name: leaseName }) satisfies Ref;

export const holderOf = ({ spec }: Lease): string | undefined =>
  spec?.holderIdentity === '' ? undefined : spec?.holderIdentity;

/** Differs for each holder. One that has given the Lease up leaves its number: then the term is the `last` one, if that has it. */
export function termOf(lease: Lease, last: string): string {
  const number = `${lease.spec?.leaseTransitions ?? 0}`;
  const holder = holderOf(lease);
  return holder === undefined && last.startsWith(`${number} `) ? last : `${number} ${holder ?? ''}`;
}

export const versionOf = ({ metadata }: Lease): string => metadata?.resourceVersion ?? '';

/** The Lease has times with microseconds. */
export const microTime = (wallMs: number): string =>
  new Date(wallMs).toISOString().replace('Z', '000Z');

/** A process that holds the Lease, or could. */
export interface Holder {
  identity: string;
  address: string | undefined;
}

/** What the new holder writes. `former`: the Lease before, if there was one. */
export function taken({ identity, address }: Holder, former: Lease | undefined, wallMs: number) {
  const time = microTime(wallMs);
  return {
    metadata: { annotations: { [addressAnnotation]: address ?? null } },
    spec: {
      holderIdentity: identity,
      leaseDurationSeconds: durationSeconds,
      acquireTime: time,
      renewTime: time,
      leaseTransitions: former === undefined ? 0 : (former.spec?.leaseTransitions ?? 0) + 1,
    },
  };
}

export function newLease(namespace: string, holder: Holder, wallMs: number): Lease {
  const { spec } = taken(holder, undefined, wallMs);
  const { address } = holder;
  return {
    apiVersion: leases.apiVersion,
    kind: leases.kind,
    metadata: {
      ...leaseRef(namespace),
      ...(address === undefined ? {} : { annotations: { [addressAnnotation]: address } }),
    },
    spec,
  };
}
