import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './exec.ts';
import { CheckoutCopy } from './testing/checkout-copy.ts';
import { tracesOf } from './testing/traces.ts';

let copy: CheckoutCopy;

beforeAll(() => {
  copy = new CheckoutCopy();
});

afterAll(async () => {
  if (tracesOf(copy).length > 0) await copy.run('down');
  copy.remove();
});

const up = () => copy.start('up', '--operator', '--nodes', '1');
const kubectl = (...args: string[]) => copy.kubectl(['-n', 'haservice-system', ...args]);
const selector = '--selector=app.kubernetes.io/name=haservice-operator';
const operatorUids = () =>
  kubectl('get', 'pods', selector, '-o', 'jsonpath={.items[*].metadata.uid}');
const goesOn = 'The cluster is left running: the same command goes on from here';

/** What CONTRIBUTING.md lets its reader change. */
function firstChange(): string {
  const guide = readFileSync(join(copy.dir, 'CONTRIBUTING.md'), 'utf8');
  return /^ +(sed -i .*)$/m.exec(guide)?.[1] ?? 'false';
}

/** Waits until the example says this of itself. */
const says = (message: string) =>
  copy.kubectl([
    ...['wait', 'haservice/web', '--timeout=60s'],
    `--for=jsonpath={.status.conditions[0].message}=${message}`,
  ]);

test('one command starts the cluster with the operator, and says what to type next', async () => {
  const { code, out, err } = await up().ended;
  expect({ code, err }).toMatchObject({ code: 0 });
  expect(err).toContain('the operator is installed: waiting until it is ready');
  const next = 'kubectl apply -f examples/quickstart.yaml';
  expect(out).toContain(next);
  await copy.kubectl(['apply', '-f', join(copy.dir, 'examples/quickstart.yaml')]);
  await says('web-0 takes writes');
});

test('without a change it leaves everything as it is', async () => {
  const before = await operatorUids();
  expect(await up().ended).toMatchObject({
    code: 0,
    err: 'the operator is up to date: nothing to roll out\n',
  });
  expect(await operatorUids()).toBe(before);
});

test('sources that cannot be built: it says where, and the operator runs on', async () => {
  const before = await operatorUids();
  copy.replace('src/main.ts', 'const log =', 'const log = = ');
  const { code, err } = await up().ended;
  copy.replace('src/main.ts', 'const log = = ', 'const log =');
  expect(code).toBe(1);
  expect(err).toMatch(
    /cluster: building the images failed: .*\nmain.ts:\d+:\d+: ERROR: Unexpected "="/,
  );
  expect(err).toContain(goesOn);
  expect(await operatorUids()).toBe(before);
});

test('an operator that ends at its start: it says what the log says, without waiting long', async () => {
  copy.replace('src/main.ts', 'const log =', "throw new Error('broken by a test');\nconst log =");
  const { code, err } = await up().ended;
  copy.replace('src/main.ts', "throw new Error('broken by a test');\n", '');
  expect(code).toBe(1);
  expect(err).toContain('the operator does not become ready: it has ended 3 times');
  expect(err).toContain('Error: broken by a test');
  expect(err).toContain(goesOn);
});

test('Ctrl-C while the first change of CONTRIBUTING.md is built: the same command then rolls it out', async () => {
  const before = await operatorUids();
  await run(['sh', '-c', firstChange()], { cwd: copy.dir });
  const first = up();
  await first.says('building image docker.io/library/haservice-operator:dev');
  process.kill(first.pid, 'SIGINT');
  const { code, err } = await first.ended;
  expect(code).toBe(1);
  expect(err).toContain(`cluster: ended by SIGINT\n${goesOn}`);

  const second = await up().ended;
  expect(second).toMatchObject({ code: 0 });
  expect(second.err).toContain('the operator is rolled out: waiting until the new one is ready');
  // The old one has ended when the command returns.
  expect(await operatorUids()).not.toContain(' ');
  expect(await operatorUids()).not.toBe(before);
  await says('web-0 takes every write');
});
