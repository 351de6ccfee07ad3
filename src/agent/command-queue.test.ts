import { describe, expect, it } from 'vitest';
import { HAError } from '../api/errors.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { settled } from '../member-client/testing.ts';
import { silentLog } from '../telemetry/log.ts';
import { Lease } from './lease.ts';
import { CommandQueue } from './command-queue.ts';
import { nothingAcknowledged } from './epoch-check.ts';
import { FakeEngine, FakeKeep, fence, follow, promote } from './testing.ts';

function make({
  acknowledged = nothingAcknowledged,
  leased = false,
  leadsOnce = true,
  started = Promise.resolve(),
} = {}) {
  const engine = new FakeEngine();
  const keep = new FakeKeep(engine.told);
  const clock = new FakeClock();
  const over: number[] = [];
  const lease = new Lease({
    clock,
    maxMs: 20_000,
    run: 'run',
    onOver: () => over.push(clock.now()),
  });
  let stuck = 0;
  const desk = new CommandQueue({
    self: { name: 'web-0', uid: undefined },
    acknowledged,
    leadsOnce,
    keep,
    engine,
    started,
    lease: leased ? lease : undefined,
    clock,
    log: silentLog,
    onChange: () => {},
    onStuck: () => stuck++,
  });
  const told = (what: string) => settled(() => engine.told.includes(what));
  return { engine, keep, clock, lease, over, desk, told, stuck: () => stuck };
}

describe('the order desk', () => {
  it('writes an order down before the engine acts', async () => {
    const { desk, engine } = make();
    expect(await desk.submit(fence(3))).toBeUndefined();
    expect(await desk.submit(follow(4))).toBeUndefined();
    expect(engine.told).toEqual(['save 3', 'fence 3', 'save 4', 'follow 4']);
  });

  it('writes down that it leads before it does, and says so after', async () => {
    const { desk, engine, keep, told } = make({ acknowledged: { epoch: 3, ledEpoch: 2 } });
    engine.holdsOrders = true;
    void desk.submit(promote(4));
    await told('promote 4');
    expect(engine.told).toEqual(['save 4', 'promote 4']);
    expect(keep.saved).toEqual([{ epoch: 4, ledEpoch: 4, leader: 'web-0' }]);
    expect(desk.acknowledged).toEqual({ epoch: 4, ledEpoch: 2, leader: 'web-0' });
    engine.holdsOrders = false;
    await desk.submit(promote(4, { reason: 'again', init: true }));
    expect(desk.acknowledged).toEqual({ epoch: 4, ledEpoch: 4, leader: 'web-0' });
  });

  it('has led in the epoch in which it began with no data, also if that was seen meanwhile', async () => {
    const { desk, engine, keep, told } = make();
    engine.holdsOrders = true;
    const promoted = desk.submit(promote(1, { init: true }));
    await told('promote 1');
    // As each report does that says Empty.
    await desk.forgetLed();
    expect(desk.acknowledged.ledEpoch).toBe(0);
    for (const letGo of engine.heldOrders) letGo();
    expect(await promoted).toBeUndefined();
    expect(desk.acknowledged.ledEpoch).toBe(1);
    expect(keep.saved).toEqual([{ epoch: 1, ledEpoch: 1, leader: 'web-0' }]);
  });

  it('leads in no epoch in which another process of it has led, or was about to', async () => {
    const acknowledged = { epoch: 4, ledEpoch: 4, leader: 'web-0' };
    const { desk, engine } = make({ acknowledged });
    expect(await desk.submit(promote(4))).toMatchObject({
      refusal: 'Failed',
      message: expect.stringContaining('only in a higher one') as string,
    });
    expect(engine.told).toEqual([]);
    expect(await desk.submit(promote(5))).toBeUndefined();
    // The same process may be told again.
    expect(await desk.submit(promote(5, { init: true }))).toBeUndefined();
    const other = make({ acknowledged, leadsOnce: false });
    expect(await other.desk.submit(promote(4))).toBeUndefined();
  });

  it('carries out an order again that comes again', async () => {
    const { desk, engine } = make();
    await desk.submit(promote(3));
    await desk.submit(promote(3));
    expect(engine.told.filter((what) => what === 'promote 3')).toHaveLength(2);
  });

  it('refuses a lower epoch while a higher one is in flight, and after a restart', async () => {
    const { desk, engine, keep, told } = make();
    engine.holdsOrders = true;
    const higher = desk.submit(fence(5));
    await told('fence 5');
    expect(await desk.submit(promote(4))).toMatchObject({ refusal: 'StaleEpoch' });
    engine.heldOrders[0]!();
    expect(await higher).toBeUndefined();
    const restarted = make({ acknowledged: keep.saved.at(-1)! });
    expect(await restarted.desk.submit(promote(4))).toMatchObject({ refusal: 'StaleEpoch' });
    expect(restarted.engine.told).toEqual([]);
  });

  it('joins the same order in flight', async () => {
    const { desk, engine, told } = make();
    engine.holdsOrders = true;
    const both = [
      desk.submit(promote(3, { reason: 'a' })),
      desk.submit(promote(3, { reason: 'b' })),
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
  ])('aborts the order in flight for %s, and waits for its end', async (_what, newer, refusal) => {
    const { desk, engine, told } = make();
    engine.holdsOrders = true;
    const older = desk.submit(promote(3));
    await told('promote 3');
    engine.isStubborn = true;
    const done = desk.submit(newer);
    expect(await older).toMatchObject({ refusal });
    await settled(() => engine.heldOrders.length === 2);
    engine.heldOrders[1]!();
    expect(await done).toBeUndefined();
    expect(engine.told.indexOf('aborted promote 3')).toBeLessThan(
      engine.told.lastIndexOf(`${newer.kind} ${newer.order.epoch}`),
    );
  });

  it('gives the engine only the newest of those that wait', async () => {
    let start = () => {};
    const { desk, engine } = make({ started: new Promise((resolve) => (start = resolve)) });
    const outcomes = [desk.submit(promote(3)), desk.submit(follow(4)), desk.submit(fence(5))];
    start();
    expect(await Promise.all(outcomes)).toMatchObject([
      { refusal: 'StaleEpoch' },
      { refusal: 'StaleEpoch' },
      undefined,
    ]);
    expect(engine.told).toEqual(['save 5', 'fence 5']);
  });

  it('gives up an engine that does not let go of an aborted order', async () => {
    const { desk, engine, told, clock, stuck } = make();
    engine.holdsOrders = true;
    engine.isStubborn = true;
    void desk.submit(promote(3));
    await told('promote 3');
    void desk.submit(fence(4));
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
  ])('tells why the engine failed: %s', async (failure, refusal) => {
    const { desk, engine } = make();
    engine.failure = failure;
    const message = expect.stringContaining(failure.message);
    expect(await desk.submit(promote(3))).toEqual({ refusal, message });
    expect(desk.acknowledged).toMatchObject({ epoch: 3, ledEpoch: 0 });
  });

  it('neither promotes nor follows where that cannot be written down, but fences, and says so', async () => {
    const { desk, engine, keep } = make();
    keep.failure = new Error('no space');
    for (const order of [promote(3), follow(4)]) {
      expect(await desk.submit(order)).toMatchObject({ refusal: 'Failed', message: 'no space' });
    }
    expect(engine.told).toEqual([]);
    expect(await desk.submit(fence(5))).toMatchObject({ refusal: 'Failed', message: 'no space' });
    expect(engine.told).toEqual(['fence 5']);
    expect(desk.acknowledged.epoch).toBe(0);
    keep.failure = undefined;
    expect(await desk.submit(fence(5))).toBeUndefined();
    expect(desk.acknowledged.epoch).toBe(5);
  });

  it('takes no orders any more once it is closed', async () => {
    const { desk, engine, told } = make();
    engine.holdsOrders = true;
    const order = desk.submit(promote(3));
    await told('promote 3');
    await desk.close();
    expect(await order).toMatchObject({ refusal: 'Failed' });
    expect(await desk.submit(promote(3))).toMatchObject({ refusal: 'Failed' });
  });
});

describe('the lease of a promotion', () => {
  it('must be granted with it', async () => {
    const { desk, lease, keep } = make({ leased: true });
    expect(await desk.submit(promote(3))).toMatchObject({ refusal: 'Failed' });
    expect(keep.saved).toEqual([]);
    expect(await desk.submit(promote(3), `${lease.issue()} 1250`)).toBeUndefined();
  });

  it('begins before the engine has acted, so that a promotion which hangs ends with it', async () => {
    const { desk, engine, lease, told, clock, over } = make({ leased: true });
    engine.holdsOrders = true;
    void desk.submit(promote(3), `${lease.issue()} 1250`);
    await told('promote 3');
    clock.advance(1_000);
    expect(over).toEqual([1_000]);
  });

  it('is prolonged by the same order once more', async () => {
    const { desk, engine, lease, told, clock, over } = make({ leased: true });
    engine.holdsOrders = true;
    void desk.submit(promote(3), `${lease.issue()} 1250`);
    await told('promote 3');
    clock.advance(500);
    void desk.submit(promote(3), `${lease.issue()} 1250`);
    clock.advance(900);
    expect(over).toEqual([]);
  });

  it.each([fence(4), follow(4)])('ends when %o is done, and not before', async (given) => {
    const { desk, engine, lease, told, clock, over } = make({ leased: true });
    await desk.submit(promote(3), `${lease.issue()} 1250`);
    expect(desk.mayLead).toBe(true);
    engine.holdsOrders = true;
    const done = desk.submit(given);
    await told(`${given.kind} 4`);
    expect(desk.mayLead).toBe(true);
    engine.heldOrders[0]!();
    await done;
    expect(desk.mayLead).toBe(false);
    clock.advance(5_000);
    expect(over).toEqual([]);
  });

  it('goes on where a fence fails', async () => {
    const { desk, engine, lease, clock, over } = make({ leased: true });
    await desk.submit(promote(3), `${lease.issue()} 1250`);
    engine.failure = new Error('hangs');
    await desk.submit(fence(4));
    clock.advance(1_000);
    expect(over).toEqual([1_000]);
  });
});
