import { appendFileSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Cluster } from './cluster.ts';
import { cacheDir } from './paths.ts';
import { signalProcess } from './processes.ts';
import { until } from './sandbox.ts';
import { CheckoutCopy } from './testing/checkout-copy.ts';
import { machineOf, processesOf, tracesOf } from './testing/traces.ts';

let copy: CheckoutCopy;
let machine: string;
/** Process 1 of the cluster of this checkout, if it runs: these tests must not affect it. */
let other: number | undefined;
/** Files that killed builds have left in the cache. */
const halves: string[] = [];

beforeAll(async () => {
  copy = new CheckoutCopy();
  machine = await machineOf();
  other = (await Cluster.find())?.sandbox.initPid;
});

afterAll(async () => {
  if (tracesOf(copy).length > 0) await copy.run('down');
  copy.remove();
});

/** Several may end with one of them, before their turn comes. */
const kill = (pids: readonly number[]) => {
  for (const pid of pids) signalProcess(pid, 'SIGKILL');
};

test('a second up changes nothing', async () => {
  await copy.run('up');
  const { initPid } = copy.state;
  const second = await copy.start('up').ended;
  // It prints nothing, as there was nothing to do.
  expect(second).toMatchObject({ code: 0, err: '' });
  expect(second.out).toContain('faults: none');
  expect(copy.state.initPid).toBe(initPid);
});

test('an up with another number of nodes says how to get them', async () => {
  const { code, err } = await copy.start('up', '--nodes', '4').ended;
  expect(code).toBe(1);
  expect(err).toBe('cluster: a cluster of 3 nodes runs here: `npm run cluster -- down` first\n');
});

test('after all processes are killed, up starts a new cluster', async () => {
  const { initPid } = copy.state;
  kill(processesOf(copy));
  expect((await copy.start('status').ended).err).toContain('no local cluster runs here');
  await copy.run('up');
  expect(copy.state.initPid).not.toBe(initPid);
  expect(await copy.run('status')).toContain('faults: none');
});

test('after its process 1 is killed, down leaves nothing', async () => {
  kill([copy.state.initPid]);
  await copy.run('down');
  expect(tracesOf(copy)).toEqual([]);
});

test('a second down changes nothing', async () => {
  expect(await copy.start('down').ended).toEqual({ code: 0, out: '', err: '' });
  expect(tracesOf(copy)).toEqual([]);
});

const moments = ['making namespaces', 'starting etcd', 'waiting for the nodes'];

test.each(moments)('up killed at “%s”: down leaves nothing', async (moment) => {
  const up = copy.start('up');
  await up.says(moment);
  kill([up.pid]);
  await up.ended;
  await copy.run('down');
  expect(tracesOf(copy)).toEqual([]);
});

test.each(moments)('Ctrl-C at “%s” leaves nothing', async (moment) => {
  const up = copy.start('up');
  await up.says(moment);
  process.kill(up.pid, 'SIGINT');
  const { code, err } = await up.ended;
  expect(code).toBe(1);
  expect(err.trim().split('\n').slice(-2)).toEqual([
    'stopping; what was half started is removed',
    'cluster: ended by SIGINT',
  ]);
  expect(tracesOf(copy)).toEqual([]);
});

test.each(['SIGKILL', 'SIGINT'] as const)(
  '%s during the build leaves no process',
  async (signal) => {
    const source = join(copy.dir, 'test/cluster/go/pause/main.go');
    const content = readFileSync(source);
    // Different content, so that there is something to build.
    appendFileSync(source, `// ${signal} ${copy.id}\n`);
    const up = copy.start('up');
    await up.says('building');
    await until(() => (processesOf(copy).length > 1 ? true : undefined), 10_000);
    process.kill(up.pid, signal);
    await up.ended;
    writeFileSync(source, content);
    const left = await until(() => (tracesOf(copy).length === 0 ? [] : undefined), 5_000);
    expect(left ?? tracesOf(copy)).toEqual([]);
    // The next build removes what SIGKILL has left unfinished.
    const half = readdirSync(cacheDir).filter((name) => name.endsWith(`.${up.pid}`));
    expect(half).toHaveLength(signal === 'SIGKILL' ? 1 : 0);
    halves.push(...half);
  },
);

test('a killed build leaves nothing in the cache after the next one', () => {
  expect(halves).toHaveLength(1);
  expect(readdirSync(cacheDir)).not.toContain(halves[0]);
});

test('a second command during up fails, and says to wait', async () => {
  const up = copy.start('up');
  await up.says('making namespaces');
  for (const verb of ['up', 'down']) {
    const { code, err } = await copy.start(verb).ended;
    expect(code).toBe(1);
    expect(err).toBe(
      'cluster: another command is at work on this cluster: wait until it has ended, then try again\n',
    );
  }
  expect(await up.ended).toMatchObject({ code: 0 });
});

test('neither the machine nor another cluster has changed', async () => {
  expect(await machineOf()).toBe(machine);
  expect((await Cluster.find())?.sandbox.initPid).toBe(other);
});

test('the cluster of a deleted checkout ends', async () => {
  expect(tracesOf(copy)).not.toEqual([]);
  copy.remove();
  const left = await until(() => (tracesOf(copy).length === 0 ? [] : undefined), 20_000);
  expect(left ?? tracesOf(copy)).toEqual([]);
});
