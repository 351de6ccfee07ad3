import { expect, it, onTestFinished } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { untilTrue } from '../member-client/testing.ts';
import { orderAnswerMs, orderTimeoutMs } from '../protocol/order-times.ts';
import { startAgent } from './agent.ts';
import { nothingAcknowledged } from './epoch-check.ts';
import { FakeEngine, FakeEpochStore } from './testing.ts';

it('an order that takes long is answered 202 before an operator of before gives up after ten seconds', async () => {
  const engine = new FakeEngine();
  const clock = new FakeClock();
  const agent = await startAgent({
    leadsOnce: true,
    pod: { name: 'web-0', uid: 'uid-0' },
    port: 0,
    host: '127.0.0.1',
    engine,
    password: undefined,
    leaseMs: undefined,
    epochStore: new FakeEpochStore(),
    acknowledged: nothingAcknowledged,
    clock,
    log: silentLog,
    exit: () => {},
  });
  onTestFinished(() => agent.stop('end of the test'));
  engine.holdsOrders = true;
  engine.holdsReports = true;
  const answer = fetch(`http://127.0.0.1:${agent.port}/haservice/v1/promote`, {
    method: 'POST',
    body: JSON.stringify({ member: 'web-0', uid: 'uid-0', epoch: 3 }),
  });
  await untilTrue(() => engine.told.includes('promote 3'));
  // Until the order has taken too long, and then until the report has.
  clock.advance(orderAnswerMs - 1_000);
  await untilTrue(() => engine.heldReports.length > 0);
  clock.advance(1_000);
  expect((await answer).status).toBe(202);
  expect(orderAnswerMs).toBeLessThan(10_000);
  // Agents of before wait for 10 s and 1 s.
  expect(orderTimeoutMs).toBeGreaterThan(11_000);
});
