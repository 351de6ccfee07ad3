import { setTimeout as sleep } from 'node:timers/promises';
import { machineMs } from '../workload/torture/clock.ts';
import type { Testbed } from './testbed.ts';
import { setClock } from './clocks/member-clocks.ts';
import { check } from './history/check.ts';
import { longestGapMs } from './history/gap.ts';
import { type Ack, type History, acksOf as acksIn } from './history/history.ts';
import { readFinal } from './final.ts';
import { type FaultName, databaseFaults, isOrdinary } from './nemesis/fault-names.ts';
import { replicasOf } from './nemesis/ordinary-faults.ts';
import { type Step, planRun } from './nemesis/plan.ts';
import { play } from './nemesis/play.ts';
import type { Credential } from './target/credentials.ts';
import type { RunResult } from './report/run-result.ts';
import { acksOf, engines, memberCount } from './target/engines.ts';

/** After how long a client abandons an operation. */
const clientTimeoutMs = 1_000;
/** A failover late in the last run may not have reached each kube-proxy: half a minute after an outage of the API server. */
const firstWritesMs = 60_000;
const convergeMs = 90_000;
/** The same if an ordinary fault may have begun a rolling update: its undo begins another one, and a busy machine starts a member in half a minute. */
const rolloutConvergeMs = 300_000;
/** How long to wait after the last fault before the service can count as healthy: the fault may not have been noticed yet. */
const watchMs = 1_500;
const pollMs = 200;
/** How many lost or dual writes are described. */
const maxExamples = 5;

/** Injects the faults of this seed, once, and checks every write afterwards. */
export async function runOnce(
  testbed: Testbed,
  seed: number,
  allowed: readonly FaultName[],
  signal: AbortSignal,
): Promise<RunResult & { history: History }> {
  const { view, clients, cluster, api, target } = testbed;
  const isPossible = (fault: FaultName) =>
    testbed.service.hasVolumes || !databaseFaults.includes(fault);
  const steps = planRun(seed, allowed.filter(isPossible));
  const run = `${Date.now()}-${seed}`;
  const epoch = view.status.ledEpoch ?? view.status.epoch ?? 0;
  const most = Math.max(memberCount, ...steps.map((step) => replicasIn(step, testbed.service)));
  const database = { ...testbed.database(run), acks: acksOf(target, most) };
  const names = clients.map(({ name }) => name);
  const { client: rates } = engines[target.engine];
  const writer = { ...rates, clients: names, timeoutMs: clientTimeoutMs };
  await Promise.all(
    clients.map((each) => each.start({ database, writer: { ...writer, client: each.name } })),
  );
  await everyoneWrites(testbed, 0, machineMs() + firstWritesMs, signal);

  const known = view.experiments(0)[0]?.id ?? 0;
  const tools = {
    ...{ cluster, client: api.client, roles: view, service: testbed.service, setClock },
    requestExperiment: () => testbed.requestExperiment(),
    renew: async (what: Credential) => testbed.credentials?.renew(what),
  };
  const played = await play(steps, tools, { now: machineMs, signal });
  const healedAt = machineMs();
  const faults = steps.map(({ fault }) => fault);
  const limitMs = faults.some(isOrdinary) ? rolloutConvergeMs : convergeMs;
  let notConverged = await converged(testbed, healedAt, limitMs, signal);
  const healedMs = machineMs() - healedAt;
  const stoppedAt = machineMs();
  await Promise.all(clients.map((client) => client.stop()));
  await testbed.credentials?.settle();

  const experiments = view.experiments(known);
  const { final, differs } = await readFinal(testbed, run, signal);
  notConverged ??= differs;
  const histories = await Promise.all(
    clients.map(async (client) => [client.name, await client.history()] as const),
  );
  const history: History = {
    clients: Object.fromEntries(histories),
    ...(final === undefined ? {} : { final }),
    leaders: view.leaders.since(epoch),
  };
  const findings = check(history);
  const acks = acksIn(history);
  const describe = (what: string, all: Ack[]) =>
    all.slice(0, maxExamples).map(({ client, number, answeredBy, sent, ended }) => {
      const [from, to] = [sent, ended].map((ms) => Math.round(ms - played.startedAt));
      return `${what}: ${client}:${number} acknowledged by ${answeredBy}, ${from} to ${to} ms`;
    });
  return {
    seed,
    faults: faults.filter((name) => !played.skipped.includes(name)),
    notes: [
      ...played.notes,
      ...view.failovers(epoch),
      ...experiments.map(({ id, message, verdict }) => `experiment ${id}: ${verdict}: ${message}`),
      `leaders: ${history.leaders.map((each) => each.join('/')).join(', ')}`,
    ],
    verdicts: experiments.map(({ verdict }) => verdict),
    acknowledged: findings.acknowledged,
    lost: findings.lost.length,
    dualPrimary: findings.dual.length,
    invented: findings.invented.length,
    staleReads: findings.staleReads,
    examples: [
      ...describe('lost', findings.lost),
      ...describe('dual', findings.dual),
      ...findings.invented.slice(0, maxExamples).map((what) => `never written: ${what}`),
    ],
    ...(notConverged === undefined ? { healedMs } : { notConverged }),
    unavailableMs: longestGapMs(acks, played.startedAt, stoppedAt),
    history,
  };
}

/** A client must know how many members acknowledge a write: of the largest number in the run. */
const replicasIn = ({ fault, pick }: Step, service: Testbed['service']): number =>
  fault === 'scale' ? replicasOf(pick, service) : 0;

/** Waits until all is healthy, and each client writes on both kinds of connection. @returns what is wrong if the time is over. */
async function converged(
  testbed: Testbed,
  since: number,
  limitMs: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const deadline = since + limitMs;
  try {
    await sleep(watchMs, undefined, { signal });
    await testbed.view.converged(limitMs, signal);
    await everyoneWrites(testbed, since, deadline, signal);
    // The status may have been outdated before.
    await testbed.view.converged(Math.max(1_000, deadline - machineMs()), signal);
    return undefined;
  } catch (error) {
    signal.throwIfAborted();
    return (error as Error).message;
  }
}

/** Waits until each client has had a write acknowledged, on both kinds of connection, that was sent after `since`. */
async function everyoneWrites(
  { clients }: Testbed,
  since: number,
  deadline: number,
  signal: AbortSignal,
): Promise<void> {
  let waiting = [...clients];
  for (;;) {
    const done = await Promise.all(
      waiting.map(async (client) => {
        const { kept = 0, new: fresh = 0 } = await client.progress().catch(() => ({}) as never);
        return kept > since && fresh > since;
      }),
    );
    waiting = waiting.filter((_, i) => done[i] !== true);
    if (waiting.length === 0) return;
    if (machineMs() > deadline) {
      throw new Error(`no write of ${waiting.map(({ name }) => name).join(', ')} succeeds`);
    }
    await sleep(pollMs, undefined, { signal });
  }
}
