import { setTimeout as sleep } from 'node:timers/promises';
import type { HAService } from '../../../src/api/haservice.ts';
import { haServices } from '../../../src/controller/state/resource-type.ts';
import type { Environment } from '../../framework/environment.ts';
import { Recoveries, failoverMsOf } from '../../framework/experiments.ts';
import type { Live } from '../../framework/live.ts';
import type { SampleLog } from '../../framework/sample-log.ts';
import { isSettled } from '../../framework/state.ts';
import { grouped } from '../../framework/text-table.ts';
import { startClient } from '../../framework/traffic.ts';
import { longestGapMs } from '../../torture/history/gap.ts';
import { type Series, chaosOf, methodTitles } from './plan.ts';
import { type Strike, type StrikeContext, byExperiment, byHand, recordOf } from './strike.ts';
import type { ChaosSystem } from './systems.ts';

const settleMs = 240_000;
/** By default kube-proxy waits a second between two changes: none must be pending. Milliseconds. */
const restMs = 4_000;
/** How long after the recovery the client is still observed. Milliseconds. */
const calmMs = 2_000;
const recoverMs = 240_000;

/** One kill. Milliseconds. */
export interface ChaosRun {
  /** The operator's verdict and time, if an experiment has killed. */
  verdict?: string;
  recoveryMs?: number;
  /** Until all members were healthy again, seen from outside. */
  seenRecoveryMs: number;
  /** Until the Service pointed at a new primary, if the primary was hit. */
  failoverMs?: number;
  /** The longest time in which no request of the client has succeeded. */
  withoutSuccessMs: number;
}

export interface ChaosRuns {
  each: ChaosRun[];
  /** How many experiments have not killed, by their reasons. */
  refusals: Record<string, number>;
}

export interface ChaosContext {
  environment: Environment;
  live: Live;
  namespace: string;
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Repeats one kind of kill, each time when the service has recovered. Adds each run to `seen`. */
export async function runChaosSeries(
  context: ChaosContext,
  system: ChaosSystem,
  { method, role, runs }: Series & { runs: number },
  seen: ChaosRuns,
): Promise<void> {
  const { environment, live, namespace, log } = context;
  const { client } = environment.api;
  const stop = new AbortController();
  const signal = AbortSignal.any([context.signal, stop.signal]);
  const ref = { namespace, name: system.service };
  const struck: StrikeContext = { client, live, ref, signal };
  const strike =
    method === 'ByHand'
      ? () => byHand(struck, role)
      : () =>
          byExperiment(struck, ({ verdict, reason = verdict, message }) => {
            seen.refusals[reason] = (seen.refusals[reason] ?? 0) + 1;
            log(`${system.title}: ${verdict}, ${reason}: ${message}`);
          });
  await settled(live, ref);
  if (method !== 'ByHand') {
    await client.mergePatch(
      haServices,
      ref,
      { spec: { chaos: chaosOf(method, role) } },
      { signal },
    );
  }
  const traffic = await startClient({
    api: environment.api,
    live,
    namespace,
    name: `client-${method}-${role}`.toLowerCase(),
    program: environment.clientProgram,
    targets: { target: await system.clientUrl() },
    ...system.client,
    node: environment.spared,
    signal,
    onFailure: (error) => stop.abort(error),
  });
  try {
    for (let run = 1; run <= runs; run++) {
      await settled(live, ref);
      await sleep(restMs, undefined, { signal });
      const result = await once(struck, strike, traffic.logs.target, system.client.timeoutMs);
      seen.each.push(result);
      const { verdict = 'recovered', recoveryMs, seenRecoveryMs, withoutSuccessMs } = result;
      log(
        `${system.title}, ${methodTitles[method]}, ${role}, run ${run} of ${runs}: ${verdict} after ${grouped(recoveryMs ?? seenRecoveryMs)} ms, ${grouped(withoutSuccessMs)} ms without a success`,
      );
    }
  } finally {
    await traffic.stop();
    stop.abort(new Error('the series has ended'));
  }
}

const settled = (live: Live, ref: StrikeContext['ref']) =>
  live.until(
    `every member of ${ref.name} to be healthy`,
    () => {
      const service = live.services.get(ref.namespace, ref.name);
      return (service !== undefined && isSettled(service)) || undefined;
    },
    settleMs,
  );

async function once(
  context: StrikeContext,
  strike: () => Promise<Strike>,
  log: SampleLog,
  timeoutMs: number,
): Promise<ChaosRun> {
  const { live, ref, signal } = context;
  const service = () => live.services.get(ref.namespace, ref.name);
  const { at, uids, id } = await strike();
  const recoveries = new Recoveries();
  for (const uid of uids) recoveries.killed(uid, at);
  const seenRecoveryMs = await live.until(
    `${ref.name} to recover`,
    () => recoveries.look(service(), Date.now())[0],
    recoverMs,
  );
  const record =
    id === undefined
      ? undefined
      : await live.until(`the verdict on experiment ${id}`, () => recordOf(context, id), recoverMs);
  const until = Date.now() + calmMs;
  // What was sent until then has ended when something has that was sent so much later.
  await log.reached(until + timeoutMs, AbortSignal.any([signal, AbortSignal.timeout(settleMs)]));
  const failoverMs = record === undefined ? byHandMs(service(), at) : failoverMsOf(record);
  return {
    seenRecoveryMs,
    withoutSuccessMs: Math.round(longestGapMs(successes(log, at), at, until)),
    ...(failoverMs === undefined ? {} : { failoverMs }),
    ...(record === undefined ? {} : { verdict: record.verdict }),
    ...(record?.recoveryMs === undefined ? {} : { recoveryMs: record.recoveryMs }),
  };
}

/** The same of a failover that no experiment has caused. Clocks are those of one machine. */
function byHandMs(service: HAService | undefined, at: number): number | undefined {
  const failover = service?.status?.failovers?.find(({ startedAt }) => Date.parse(startedAt) >= at);
  return failover?.totalMs === undefined
    ? undefined
    : Math.round(Date.parse(failover.startedAt) + failover.totalMs - at);
}

const successes = (log: SampleLog, since: number) =>
  log
    .since(since)
    .flatMap(({ ok, endedAt }) => (ok ? [{ ended: endedAt }] : []))
    .toSorted((a, b) => a.ended - b.ended);
