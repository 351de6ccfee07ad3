import { mkdtempSync, rmdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { CheckoutCopy } from './testing/checkout-copy.ts';
import { tracesOf } from './testing/traces.ts';

let copy: CheckoutCopy;

beforeAll(() => {
  copy = new CheckoutCopy();
});

afterAll(() => {
  copy.remove();
});

/** Runs `up` in a mount namespace of its own, after a line of shell. */
const after = (shell: string) => ['unshare', '--mount', 'sh', '-ec', `${shell}; exec "$@"`, 'sh'];

test.each<[string, string[], string]>([
  ['without root', ['unshare', '--user'], 'run it with sudo'],
  [
    'without the network plugins',
    after('mount -t tmpfs none /usr/lib/cni'),
    'programs are missing: apt-get install containernetworking-plugins',
  ],
  ['without Go', ['env', 'PATH=/usr/sbin:/usr/bin:/sbin:/bin'], 'install Go 1.26 or later'],
])('up %s: one line that says what to do', async (_, outer, line) => {
  await refused(outer, ['up'], line);
});

test('up with too little disk: one line that names the folder', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'cache-'));
  const shell = `mount -t tmpfs -o size=1m none ${dir}; export XDG_CACHE_HOME=${dir}`;
  await refused(after(shell), ['up'], `too little disk: ${dir}/haservice has 0.0 GB free`);
  rmdirSync(dir);
});

test.each<[string, string]>([
  ['explode', "unknown command 'explode'"],
  ['stats', "unknown command 'stats' (Did you mean"],
  ['cut', "missing required argument 'node'"],
  ['cut zone-a-1 sideways', 'Allowed choices are both, in, out'],
  ['delay zone-a-1 long', 'give a number that is not negative'],
  ['stop apiserver', 'give one of etcd, kube-apiserver, '],
  ['up --nodes 60', 'give a whole number from 1 to 9'],
  ['cut zone-a-1', 'no local cluster runs here: start it with `npm run cluster -- up`'],
  ['status', 'no local cluster runs here: start it with `npm run cluster -- up`'],
])('%s: one line', async (args, line) => {
  await refused([], args.split(' '), line);
});

async function refused(outer: string[], args: string[], line: string): Promise<void> {
  const { code, out, err } = await copy.startWithin(outer, ...args).ended;
  expect(code).toBe(1);
  expect(out).toBe('');
  expect(err).toContain(line);
  expect(err).toMatch(/^cluster: [^\n]*\n$/);
  expect(tracesOf(copy)).toEqual([]);
}
