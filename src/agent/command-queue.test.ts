import { describe, expect, it } from 'vitest';
import { HAError } from '../api/errors.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { untilTrue } from '../member-client/testing.ts';
import { silentLog } from '../lib/log.ts';
import { Lease } from './lease.ts';
import { CommandQueue } from './command-queue.ts';
import { nothingAcknowledged } from './epoch-check.ts';
import { FakeEngine, FakeEpochStore, fence, follow, promote } from './testing.ts';

function make({
  acknowledged = nothingAcknowledged,
  leased = false,
  leadsOnce = true,
  started = Promise.resolve(),
} = {}) {
  const engine = new FakeEngine();
  const epochStore = new FakeEpochStore(engine.told);
  const clock = new FakeClock();
  const over: number[] = [];
  const lease = new Lease({
    clock,
    maxMs: 20_000,
    run: 'run',
    onOver: () => over.push(clock.now()),
  });
  let stuck = 0;
  const queue = new CommandQueue({
    self: { name: 'web-0', uid: undefined },
    acknowledged,
    leadsOnce,
    epochStore,
    engine,
    started,
    lease: leased ? lease : undefined,
    clock,
    log: silentLog,
    onChange: () => {},
    onStuck: () => stuck++,
  });
  const told = (what: string) => untilTrue(() => engine.told.includes(what));
  return { engine, epochStore, clock, lease, over, queue, told, stuck: () => stuck };
}

describe('the command queue', () => {
  it('stores what is acknowledged before the engine acts', async () => {
    const { queue, engine } = make();
    expect(await queue.submit(fence(3))).toBeUndefined();
    expect(await queue.submit(follow(4))).toBeUndefined();
    expect(engine.told).toEqual(['save 3', 'fence 3', 'save 4', 'follow 4']);
  });

  it('stores that the member leads before the engine acts, and reports it after', async () => {
    const { queue, engine, epochStore, told } = make({ acknowledged: { epoch: 3, ledEpoch: 2 } });
    engine.holdsOrders = true;
    void queue.submit(promote(4));
    await told('promote 4');
    expect(engine.told).toEqual(['save 4', 'promote 4']);
    expect(epochStore.saved).toEqual([{ epoch: 4, ledEpoch: 4, leader: 'web-0' }]);
    expect(queue.acknowledged).toEqual({ epoch: 4, ledEpoch: 2, leader: 'web-0' });
    engine.holdsOrders = false;
    await queue.submit(promote(4, { reason: 'again', init: true }));
    expect(queue.acknowledged).toEqual({ epoch: 4, ledEpoch: 4, leader: 'web-0' });
  });

  it('has led in the epoch in which it was promoted without data, even if a report said Empty in between', async () => {
    const { queue, engine, epochStore, told } = make();
    engine.holdsOrders = true;
    const promoted = queue.submit(promote(1, { init: true }));
    await told('promote 1');
    // As each report does that says Empty.
    await queue.forgetLed();
    expect(queue.acknowledged.ledEpoch).toBe(0);
    for (const letGo of engine.heldOrders) letGo();
    expect(await promoted).toBeUndefined();
    expect(queue.acknowledged.ledEpoch).toBe(1);
    expect(epochStore.saved).toEqual([{ epoch: 1, ledEpoch: 1, leader: 'web-0' }]);
  });

  it('rejects a promotion in an epoch in which an earlier process has led, or was about to lead', async () => {
    const acknowledged = { epoch: 4, ledEpoch: 4, leader: 'web-0' };
    const { queue, engine } = make({ acknowledged });
    expect(await queue.submit(promote(4))).toMatchObject({
      rejection: 'Failed',
      message: expect.stringContaining('only in a higher one') as string,
    });
    expect(engine.told).toEqual([]);
    expect(await queue.submit(promote(5))).toBeUndefined();
    // The same process may be promoted again.
    expect(await queue.submit(promote(5, { init: true }))).toBeUndefined();
    const other = make({ acknowledged, leadsOnce: false });
    expect(await other.queue.submit(promote(4))).toBeUndefined();
  });

  it('carries out a repeated order again', async () => {
    const { queue, engine } = make();
    await queue.submit(promote(3));
    await queue.submit(promote(3));
    expect(engine.told.filter((what) => what === 'promote 3')).toHaveLength(2);
  });

  it('rejects a lower epoch while a higher one is in flight, and after a restart', async () => {
    const { queue, engine, epochStore, told } = make();
    engine.holdsOrders = true;
    const higher = queue.submit(fence(5));
    await told('fence 5');
    expect(await queue.submit(promote(4))).toMatchObject({ rejection: 'StaleEpoch' });
    engine.heldOrders[0]!();
    expect(await higher).toBeUndefined();
    const restarted = make({ acknowledged: epochStore.saved.at(-1)! });
    expect(await restarted.queue.submit(promote(4))).toMatchObject({ rejection: 'StaleEpoch' });
    expect(restarted.engine.told).toEqual([]);
  });

  it('joins the same order in flight', async () => {
    const { queue, engine, told } = make();
    engine.holdsOrders = true;
    const both = [
      queue.submit(promote(3, { reason: 'a' })),
      queue.submit(promote(3, { reason: 'b' })),
    ];
    await told('promote 3');
    engine.heldOrders[0]!();
    expect(await Promise.all(both)).toEqual([undefined, undefined]);
    expect(engine.told.filter((what) => what === 'promote 3')).toHaveLength(1);
  });

  it.each([
    ['a higher epoch', fence(4), 'StaleEpoch'],
    ['another kind in the same epoch', fence(3), 'Failed'],
    ['the same kind with another sync', promote(3, { sync: { members: [], acks: 1 } }), 'Failed'],
  ])(
    'aborts the order in flight for %s, and waits for its end',
    async (_what, newer, rejection) => {
      const { queue, engine, told } = make();
      engine.holdsOrders = true;
      const older = queue.submit(promote(3));
      await told('promote 3');
      engine.ignoresAbort = true;
      const done = queue.submit(newer);
      expect(await older).toMatchObject({ rejection });
      await untilTrue(() => engine.heldOrders.length === 2);
      engine.heldOrders[1]!();
      expect(await done).toBeUndefined();
      expect(engine.told.indexOf('aborted promote 3')).toBeLessThan(
        engine.told.lastIndexOf(`${newer.kind} ${newer.order.epoch}`),
      );
    },
  );

  it('gives the engine only the newest of the waiting orders', async () => {
    let start = () => {};
    const { queue, engine } = make({ started: new Promise((resolve) => (start = resolve)) });
    const outcomes = [queue.submit(promote(3)), queue.submit(follow(4)), queue.submit(fence(5))];
    start();
    expect(await Promise.all(outcomes)).toMatchObject([
      { rejection: 'StaleEpoch' },
      { rejection: 'StaleEpoch' },
      undefined,
    ]);
    expect(engine.told).toEqual(['save 5', 'fence 5']);
  });

  it('calls onStuck if the engine does not end an aborted order', async () => {
    const { queue, engine, told, clock, stuck } = make();
    engine.holdsOrders = true;
    engine.ignoresAbort = true;
    void queue.submit(promote(3));
    await told('promote 3');
    void queue.submit(fence(4));
    clock.advance(4_999);
    expect(stuck()).toBe(0);
    clock.advance(1);
    expect(stuck()).toBe(1);
    expect(engine.told).not.toContain('fence 4');
  });

  it.each([
    [new HAError('HA_ERR_MEMBER_EMPTY', 'x'), 'Empty'],
    [new HAError('HA_ERR_MEMBER_FOREIGN', 'x'), 'Foreign'],
    [new Error('the disk is full'), 'Failed'],
  ])('reports why the engine failed: %s', async (failure, rejection) => {
    const { queue, engine } = make();
    engine.failure = failure;
    const message = expect.stringContaining(failure.message);
    expect(await queue.submit(promote(3))).toEqual({ rejection, message });
    expect(queue.acknowledged).toMatchObject({ epoch: 3, ledEpoch: 0 });
  });

  it('neither promotes nor follows if the epoch cannot be stored, but fences and reports the failure', async () => {
    const { queue, engine, epochStore } = make();
    epochStore.failure = new Error('no space');
    for (const order of [promote(3), follow(4)]) {
      expect(await queue.submit(order)).toMatchObject({ rejection: 'Failed', message: 'no space' });
    }
    expect(engine.told).toEqual([]);
    expect(await queue.submit(fence(5))).toMatchObject({
      rejection: 'Failed',
      message: 'no space',
    });
    expect(engine.told).toEqual(['fence 5']);
    expect(queue.acknowledged.epoch).toBe(0);
    epochStore.failure = undefined;
    expect(await queue.submit(fence(5))).toBeUndefined();
    expect(queue.acknowledged.epoch).toBe(5);
  });

  it('rejects orders once it is closed', async () => {
    const { queue, engine, told } = make();
    engine.holdsOrders = true;
    const order = queue.submit(promote(3));
    await told('promote 3');
    await queue.close();
    expect(await order).toMatchObject({ rejection: 'Failed' });
    expect(await queue.submit(promote(3))).toMatchObject({ rejection: 'Failed' });
  });
});

describe('the lease of a promotion', () => {
  it('must be granted with the promotion', async () => {
    const { queue, lease, epochStore } = make({ leased: true });
    expect(await queue.submit(promote(3))).toMatchObject({ rejection: 'Failed' });
    expect(epochStore.saved).toEqual([]);
    expect(await queue.submit(promote(3), `${lease.issue()} 1250`)).toBeUndefined();
  });

  it('begins before the engine acts, so that it also ends a promotion that hangs', async () => {
    const { queue, engine, lease, told, clock, over } = make({ leased: true });
    engine.holdsOrders = true;
    void queue.submit(promote(3), `${lease.issue()} 1250`);
    await told('promote 3');
    clock.advance(1_000);
    expect(over).toEqual([1_000]);
  });

  it('is extended if the same order comes again', async () => {
    const { queue, engine, lease, told, clock, over } = make({ leased: true });
    engine.holdsOrders = true;
    void queue.submit(promote(3), `${lease.issue()} 1250`);
    await told('promote 3');
    clock.advance(500);
    void queue.submit(promote(3), `${lease.issue()} 1250`);
    clock.advance(900);
    expect(over).toEqual([]);
  });

  it.each([fence(4), follow(4)])('ends when %o is done, and not before', async (given) => {
    const { queue, engine, lease, told, clock, over } = make({ leased: true });
    await queue.submit(promote(3), `${lease.issue()} 1250`);
    expect(queue.mayLead).toBe(true);
    engine.holdsOrders = true;
    const done = queue.submit(given);
    await told(`${given.kind} 4`);
    expect(queue.mayLead).toBe(true);
    engine.heldOrders[0]!();
    await done;
    expect(queue.mayLead).toBe(false);
    clock.advance(5_000);
    expect(over).toEqual([]);
  });

  it('continues if a fence fails', async () => {
    const { queue, engine, lease, clock, over } = make({ leased: true });
    await queue.submit(promote(3), `${lease.issue()} 1250`);
    engine.failure = new Error('hangs');
    await queue.submit(fence(4));
    clock.advance(1_000);
    expect(over).toEqual([1_000]);
  });
});
