import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './exec.ts';
import { CheckoutCopy } from './testing/checkout-copy.ts';
import { BroadcastReceivers, controlPlane, inNetworkOf } from './testing/broadcast-receivers.ts';

const [a, b, c] = ['zone-a-1', 'zone-b-1', 'zone-c-1'] as const;
const whole = [
  `${controlPlane} > ${a} ${b} ${c}`,
  `${a} > ${controlPlane} ${b} ${c}`,
  `${b} > ${controlPlane} ${a} ${c}`,
  `${c} > ${controlPlane} ${a} ${b}`,
];
const withoutA = [
  `${controlPlane} > ${b} ${c}`,
  `${a} >`,
  `${b} > ${controlPlane} ${c}`,
  `${c} > ${controlPlane} ${b}`,
];

let copy: CheckoutCopy;
let receivers: BroadcastReceivers;

beforeAll(async () => {
  copy = new CheckoutCopy();
  await copy.run('up');
  receivers = await BroadcastReceivers.open(copy.state.initPid, [a, b, c]);
});

afterAll(async () => {
  receivers.close();
  await copy.run('down');
  copy.remove();
});

const hearing = () => expect.poll(() => receivers.matrix(), { timeout: 10_000, interval: 100 });

/** Before each fault, and after its reverse, every place can reach every other. */
test.each<[string, string, string[]]>([
  [`cut ${a}`, `heal ${a}`, withoutA],
  [`lose-zone zone-a`, 'restore-zone zone-a', withoutA],
  [`loss ${a} 100`, `loss ${a} 0`, withoutA],
  [
    `cut ${a} in`,
    `heal ${a}`,
    [
      `${controlPlane} > ${b} ${c}`,
      `${a} > ${controlPlane} ${b} ${c}`,
      `${b} > ${controlPlane} ${c}`,
      `${c} > ${controlPlane} ${b}`,
    ],
  ],
  [
    `cut ${a} out`,
    `heal ${a}`,
    [
      `${controlPlane} > ${a} ${b} ${c}`,
      `${a} >`,
      `${b} > ${controlPlane} ${a} ${c}`,
      `${c} > ${controlPlane} ${a} ${b}`,
    ],
  ],
  [
    `cut-pair ${a} ${b}`,
    `heal-pair ${b} ${a}`,
    [
      `${controlPlane} > ${a} ${b} ${c}`,
      `${a} > ${controlPlane} ${c}`,
      `${b} > ${controlPlane} ${c}`,
      `${c} > ${controlPlane} ${a} ${b}`,
    ],
  ],
])('%s, undone by %s', async (verb, reverse, during) => {
  await hearing().toEqual(whole);
  await copy.run(...verb.split(' '));
  await hearing().toEqual(during);
  expect(await copy.run('status')).not.toContain('faults: none');
  await copy.run(...reverse.split(' '));
  await hearing().toEqual(whole);
  expect(await copy.run('status')).toContain('faults: none');
});

test('a loss of 50 % drops about half of the packets', async () => {
  await copy.run('loss', a, '50');
  const texts: string[] = [];
  while (texts.length < 400) {
    // Not all at once: a receiver that is too slow loses packets in any case.
    const few = Array.from({ length: 20 }, () => receivers.broadcast(b));
    await Promise.all(few.map((text) => receivers.receives(c, text)));
    texts.push(...few);
  }
  const heard = texts.filter((text) => receivers.hasReceived(a, text)).length;
  // Ten standard deviations from 200, in each direction.
  expect(heard).toBeGreaterThan(100);
  expect(heard).toBeLessThan(300);
  await copy.run('loss', a, '0');
});

test('a delay holds each packet, in each direction, and 0 ends it', async () => {
  const milliseconds = async (from: string, to: string) => {
    const start = performance.now();
    await receivers.receives(to, receivers.broadcast(from));
    return performance.now() - start;
  };
  await copy.run('delay', a, '500');
  expect(await copy.run('status')).toContain(`faults: ${a} is 500 ms late`);
  await hearing().toEqual(withoutA);
  expect(await milliseconds(a, b)).toBeGreaterThanOrEqual(500);
  expect(await milliseconds(b, a)).toBeGreaterThanOrEqual(500);
  await copy.run('delay', a, '1');
  await copy.run('delay', a, '300');
  expect(await milliseconds(a, b)).toBeGreaterThanOrEqual(300);
  await copy.run('delay', a, '0');
  await hearing().toEqual(whole);
});

test('a large answer passes a delay completely, and a cut ends both', async () => {
  await copy.run('delay', a, '20');
  const get = [...copy.kubectlCommand, 'get', '--raw', '/openapi/v2'];
  const text = await run(inNetworkOf(copy.state.initPid, a, get));
  expect(text.length).toBeGreaterThan(1_000_000);
  expect(JSON.parse(text)).toHaveProperty('paths');

  await copy.run('cut', a, 'out');
  const lost = receivers.broadcast(a);
  await receivers.receives(a, receivers.broadcast(b));
  await copy.run('cut', a, 'in');
  // In order behind the lost one, on the same wire.
  await receivers.receives(b, receivers.broadcast(a));
  expect(receivers.hasReceived(b, lost)).toBe(false);
  await copy.run('cut-pair', a, c);
  await copy.run('heal', a);
  const fromC = receivers.broadcast(c);
  await receivers.receives(a, receivers.broadcast(b));
  expect(receivers.hasReceived(a, fromC)).toBe(false);

  await copy.run('heal');
  await hearing().toEqual(whole);
  expect(await copy.run('status')).toContain('faults: none');
});

test.each([
  ['kill nobody', 'no process of pod default/nobody runs on any node'],
  ['cut zone-d-1', 'there is no node zone-d-1: the nodes are zone-a-1, zone-b-1, zone-c-1'],
  ['lose-zone zone-d', 'there is no zone zone-d: the zones are zone-a, zone-b, zone-c'],
  ['loss zone-a-1 101', '101 percent: give a number from 0 to 100'],
  ['delay zone-a-1 99999', '99999 milliseconds: give a number from 0 to 10000'],
  ['load /no/such.tar', 'there is no file /no/such.tar'],
])('%s: one line', async (args, line) => {
  expect(await copy.start(...args.split(' ')).ended).toEqual({
    code: 1,
    out: '',
    err: `cluster: ${line}\n`,
  });
});
