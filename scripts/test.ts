/** `npm test`: every check and every test, and as the last line `N passed, N failed`. See test/options.ts. */
import { constants } from 'node:os';
import { describe, runChecks } from './checks.ts';
import { type LocalCluster, startCluster } from './test/local-cluster.ts';
import { type Part, parse, type Suite, type TestOptions, usage } from './test/options.ts';
import { runSuite } from './test/suite.ts';
import { add, closingLine, failureLines, none, type Totals } from './test/totals.ts';

const minuteMs = 60_000;
/** A limit ends what hangs; it is far above what a part takes. */
const limitsMs: Record<Suite, number> = {
  unit: 25 * minuteMs,
  integration: 20 * minuteMs,
  e2e: 50 * minuteMs,
  cluster: 30 * minuteMs,
};
const failed = (what: string): Totals => ({ ...none, failures: [what] });
const onCluster = (part: Part) => part === 'integration' || part === 'e2e';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    process.exitCode = 128 + constants.signals[signal];
    stop.abort(new Error(`stopped by ${signal}`));
  });
}
// A parent that is killed outright passes nothing on.
const parent = process.ppid;
setInterval(() => {
  if (process.ppid !== parent) process.kill(process.pid, 'SIGTERM');
}, 1000).unref();
process.on('uncaughtException', (error) => {
  console.error(error);
  // The part that runs comes to its end, and the cluster is taken down.
  stop.abort(error);
});

const startedMs = Date.now();
/** @param line progress, with the time since the start */
function say(line: string): void {
  const seconds = Math.round((Date.now() - startedMs) / 1000);
  console.log(`[${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}] ${line}`);
}

async function runCheckPart(): Promise<Totals> {
  const results = await runChecks((checked) => console.log(describe(checked)));
  const failures = results.filter(({ ok }) => !ok).map(({ name }) => `check: ${name}`);
  return { passed: results.length - failures.length, failures, skipped: 0 };
}

async function start(): Promise<LocalCluster | undefined> {
  try {
    return await startCluster({ log: say, signal: stop.signal });
  } catch (error) {
    say(`the local cluster does not start: ${messageOf(error)}`);
    return undefined;
  }
}

/** A cluster that cannot be taken down is a failure like any other. */
async function end(cluster: LocalCluster | undefined): Promise<Totals> {
  try {
    await cluster?.end();
    return none;
  } catch (error) {
    say(`the local cluster cannot be taken down: ${messageOf(error)}`);
    return failed('taking down the local cluster');
  }
}

async function runAll({ parts, patterns, keep }: TestOptions): Promise<Totals> {
  let totals = none;
  let cluster: Promise<LocalCluster | undefined> | undefined;
  const note = (part: Part, counted: Totals) => {
    totals = add(totals, counted);
    say(`${part}: ${closingLine(counted)}`);
  };
  try {
    for (const part of parts) {
      if (stop.signal.aborted) break;
      say(part === 'check' ? 'checks' : `${part} tests`);
      if (part === 'check') {
        note(part, await runCheckPart());
        continue;
      }
      if (onCluster(part)) {
        cluster ??= start();
        if ((await cluster) === undefined) {
          note(part, failed(`${part}: no cluster`));
          continue;
        }
      }
      // The tests of the cluster itself start their own, and need the room.
      if (part === 'cluster' && !keep) totals = add(totals, await end(await cluster));
      note(part, await runSuite(part, limitsMs[part], patterns));
    }
  } finally {
    if (!keep) totals = add(totals, await end(await cluster));
  }
  return totals;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

async function main(): Promise<void> {
  let options: TestOptions | undefined;
  try {
    options = parse(process.argv.slice(2));
  } catch (error) {
    console.error(`${messageOf(error)}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  if (options === undefined) {
    console.log(usage);
    return;
  }
  let totals = await runAll(options);
  if (stop.signal.aborted) {
    say(`not everything has run: ${messageOf(stop.signal.reason)}`);
    totals = add(totals, failed('not everything has run'));
  }
  for (const line of failureLines(totals)) console.log(line);
  console.log(closingLine(totals));
  if (totals.failures.length > 0 || totals.passed === 0) process.exitCode ??= 1;
}

await main();
