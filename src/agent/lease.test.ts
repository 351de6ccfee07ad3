import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { Lease } from './lease.ts';

/** With these options, a lease ends 250 ms earlier than granted. */
function make(maxMs = 20_000) {
  const clock = new FakeClock();
  const over: number[] = [];
  const ends: (number | undefined)[] = [];
  const lease = new Lease({
    clock,
    maxMs,
    run: 'run-1',
    onOver: () => over.push(clock.now()),
    onChange: (end) => ends.push(end),
  });
  return { clock, lease, over, ends };
}

describe('a lease', () => {
  it('counts from the report whose nonce the grant names, not from the arrival of the grant', () => {
    const { clock, lease, over } = make();
    const nonce = lease.issue();
    clock.advance(700);
    lease.begin(`${nonce} 1250`);
    clock.advance(299);
    expect(over).toEqual([]);
    clock.advance(1);
    expect(over).toEqual([1_000]);
  });

  it('that is renewed ends later', () => {
    const { clock, lease, over } = make();
    lease.begin(`${lease.issue()} 1250`);
    clock.advance(600);
    lease.grant(`${lease.issue()} 1250`);
    clock.advance(900);
    expect(over).toEqual([]);
    clock.advance(100);
    expect(over).toEqual([1_600]);
  });

  it('does not end earlier because of an older grant that arrives late', () => {
    const { clock, lease, ends } = make();
    const old = lease.issue();
    clock.advance(500);
    lease.begin(`${lease.issue()} 1250`);
    lease.grant(`${old} 1150`);
    expect(ends).toEqual([1_500]);
  });

  it.each([
    ['of another run of the agent', 'run-0.0 1000'],
    ['with a nonce from the future', 'run-1.5000000 1000'],
    ['without a time', 'run-1.0'],
    ['that is no grant', 'x'],
    ['that is empty', ''],
    ['that is missing', undefined],
  ])('by a grant %s does not begin', (_what, grant) => {
    const { lease, ends } = make();
    expect(lease.isGood(grant)).toBe(false);
    expect(() => lease.begin(grant)).toThrow(/came too late/);
    expect(ends).toEqual([]);
  });

  it('by a grant that has expired in a queue does not begin', () => {
    const { clock, lease } = make();
    const nonce = lease.issue();
    clock.advance(1_000);
    expect(lease.isGood(`${nonce} 1250`)).toBe(false);
    expect(lease.isGood(`${lease.issue()} 1250`)).toBe(true);
  });

  it('begins with the newest grant that came while the promotion waited for an earlier order', () => {
    const { clock, lease, over } = make();
    const own = `${lease.issue()} 1250`;
    clock.advance(900);
    lease.grant(`${lease.issue()} 1250`);
    clock.advance(200);
    expect(lease.isGood(own)).toBe(true);
    lease.begin(own);
    clock.advance(799);
    expect(over).toEqual([]);
    clock.advance(1);
    expect(over).toEqual([1_900]);
  });

  it('is never longer than the configured maximum', () => {
    const { clock, lease, over } = make(1_000);
    lease.begin(`${lease.issue()} 999999`);
    clock.advance(10_000);
    expect(over).toEqual([950]);
  });

  it('that has ended in order is not over, and is not extended by a late grant', () => {
    const { clock, lease, over, ends } = make();
    const nonce = lease.issue();
    lease.begin(`${nonce} 1250`);
    lease.end();
    lease.grant(`${lease.issue()} 1250`);
    clock.advance(5_000);
    expect(over).toEqual([]);
    expect(ends).toEqual([1_000, undefined]);
  });

  it('is over as soon as it is read, even if the timer is late', () => {
    const { clock, lease, over } = make();
    lease.begin(`${lease.issue()} 1250`);
    clock.stall(3_000);
    lease.grant(`${lease.issue()} 1250`);
    expect(over).toEqual([3_000]);
    expect(lease.isOver()).toBe(true);
    clock.advance(10);
    expect(over).toHaveLength(1);
  });

  it('has ended by the bound that the operator computes, however late its grants arrive', () => {
    const delay = fc.integer({ min: 0, max: 3_000 });
    fc.assert(
      fc.property(
        fc.array(fc.record({ think: delay, travel: delay }), { minLength: 1 }),
        (grants) => {
          const { clock, lease, over } = make();
          lease.begin(`${lease.issue()} 1250`);
          let bound = 1_250;
          for (const { think, travel } of grants) {
            const nonce = lease.issue();
            clock.advance(think);
            // The operator sends it now, and counts from now.
            bound = Math.max(bound, clock.now() + 1_250);
            clock.advance(travel);
            lease.grant(`${nonce} 1250`);
          }
          clock.advance(10_000);
          expect(over).toHaveLength(1);
          expect(over[0]).toBeLessThanOrEqual(bound);
        },
      ),
    );
  });
});
