import { setTimeout as sleep } from 'node:timers/promises';
import type { ExperimentRecord } from '../../../src/api/chaos-status.ts';
import type { HAService } from '../../../src/api/haservice.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { pods } from '../../../src/kube/resources.ts';
import { experimentsAfter, requestExperiment } from '../../framework/experiments.ts';
import type { Live } from '../../framework/live.ts';
import type { TargetRole } from './plan.ts';

/** How long an experiment that was asked for may take to begin. Milliseconds. */
const beginMs = 30_000;
/** How long after a refusal the next request comes, and how many refusals are too many. */
const againMs = 1_000;
const mostRefusals = 60;

/** What was killed. */
export interface Strike {
  /** Milliseconds since the Unix epoch. */
  at: number;
  uids: string[];
  /** Number of the experiment, if it was one. */
  id?: number;
}

export interface StrikeContext {
  client: KubeClient;
  live: Live;
  /** The HAService. */
  ref: { namespace: string; name: string };
  signal: AbortSignal;
}

const serviceOf = ({ live, ref }: StrikeContext): HAService | undefined =>
  live.services.get(ref.namespace, ref.name);

/** Asks for experiments until one has killed. @param onRefusal is told of each that did not. */
export async function byExperiment(
  context: StrikeContext,
  onRefusal: (record: ExperimentRecord) => void,
): Promise<Strike> {
  const { client, live, ref, signal } = context;
  for (let refusals = 0; refusals < mostRefusals; refusals++) {
    const before = serviceOf(context)?.status?.chaos?.count ?? 0;
    await requestExperiment(client, ref, new Date(), signal);
    const found = await live.until(
      `an experiment with ${ref.name}`,
      () => {
        const { ended, running } = experimentsAfter(
          before,
          serviceOf(context)?.status?.chaos ?? {},
        );
        return ended[0] ?? (running?.injectedAt === undefined ? undefined : running);
      },
      beginMs,
    );
    const { id, hits, injectedAt } = found;
    if (injectedAt !== undefined) {
      return { at: Date.parse(injectedAt), uids: hits.map(({ uid }) => uid), id };
    }
    if ('verdict' in found) onRefusal(found);
    await sleep(againMs, undefined, { signal });
  }
  throw new Error(`${mostRefusals} experiments with ${ref.name} in a row were refused`);
}

/** Deletes the pod of a member, as `kubectl delete pod --grace-period=0 --force` does. */
export async function byHand(context: StrikeContext, role: TargetRole): Promise<Strike> {
  const { client, ref, signal } = context;
  const { members = [] } = serviceOf(context)?.status ?? {};
  const member = members.find((each) => each.role === role.toLowerCase());
  if (member === undefined) throw new Error(`${ref.name} has no ${role.toLowerCase()}`);
  const { pod, uid } = member;
  const at = Date.now();
  const options = { uid, gracePeriodSeconds: 0, signal };
  await client.delete(pods, { namespace: ref.namespace, name: pod }, options);
  return { at, uids: [uid] };
}

/** The record of an experiment that has ended. */
export const recordOf = (context: StrikeContext, id: number): ExperimentRecord | undefined =>
  serviceOf(context)?.status?.chaos?.history?.find((record) => record.id === id);
