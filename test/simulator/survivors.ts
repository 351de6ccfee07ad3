import type { Experiment } from '../../src/api/chaos-status.ts';
import type { ServiceObject } from './api-server.ts';
import { isStrong } from './setups.ts';
import type { ExperimentWorld } from './experiment-world.ts';

/** For so long an operator may not have noticed that data are gone. Milliseconds. */
const unnoticedMs = 5_000;

/**
 * Why those that stay are too few to lose nothing and to go on, in Strong; undefined if they are enough. This looks at what
 * members hold, and not at what they have reported.
 *
 * @param read The service as the operator has read it before the kill.
 */
export function whyEndangered(
  { kernel, behaviour, kubelets, checker }: ExperimentWorld,
  { spec, status }: ServiceObject,
  hits: Experiment['hits'],
): string | undefined {
  if (!isStrong(spec) || !behaviour.replicates) return undefined;
  if (kernel.nowMs - kubelets.lossMs < unnoticedMs) return undefined;
  const isHit = (uid: string) => hits.some((hit) => hit.uid === uid);
  const left = [...kubelets.containers.values()].filter(
    ({ uid, volume }) => !isHit(uid) && volume.data !== undefined,
  );
  const names = left.map(({ name }) => name);
  const { syncSets = [], primaryUID = '' } = status;
  const isPrimaryHit = isHit(primaryUID);
  // Gifford (1979): R + W > N. And of the set in force as many must stay as acknowledge.
  const few = (isPrimaryHit ? syncSets : syncSets.slice(-1)).find(({ members, acks }) => {
    const staying = members.filter((name) => names.includes(name)).length;
    return staying < (isPrimaryHit ? members.length - acks + 1 : acks);
  });
  if (few !== undefined)
    return `${names.join(', ') || 'nobody'} would be left, and ${few.acks} of ${few.members.join(', ')} acknowledge`;
  if (syncSets.length === 0) return 'no member had to acknowledge what the primary has';
  const keeps = isPrimaryHit ? left : left.filter(({ uid }) => uid === primaryUID);
  return keeps.some(({ volume }) => checker.holdsAll(volume.data?.log ?? []))
    ? undefined
    : `${names.join(', ')} would be left, and none of them holds all that was acknowledged`;
}
