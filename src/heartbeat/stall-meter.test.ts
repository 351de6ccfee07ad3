import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { StallMeter } from './stall-meter.ts';

describe('the stall meter', () => {
  it('equals the clock while nothing stalls', () => {
    const clock = new FakeClock();
    const meter = new StallMeter(clock);
    clock.advance(12_345);
    expect(meter.attentiveNow()).toBe(12_345);
    expect(meter.stalledMs()).toBe(0);
  });

  it('stands still during a stall, and is correct before its own tick has measured the stall', () => {
    const clock = new FakeClock();
    const meter = new StallMeter(clock);
    clock.advance(1_000);
    clock.stall(3_000);
    // A tick was due 50 ms after the last, and may be 10 ms late.
    expect(meter.attentiveNow()).toBe(1_060);
    clock.advance(0);
    expect(meter.attentiveNow()).toBe(1_060);
    clock.advance(500);
    expect(meter.attentiveNow()).toBe(1_560);
  });

  it('reports each stall once', () => {
    const clock = new FakeClock();
    const stalls: number[] = [];
    new StallMeter(clock, (ms) => stalls.push(ms));
    clock.stall(1_000);
    clock.advance(1_000);
    clock.stall(100);
    clock.advance(1_000);
    expect(stalls).toEqual([940, 40]);
  });

  it('stops at close', () => {
    const clock = new FakeClock();
    const stalls: number[] = [];
    new StallMeter(clock, (ms) => stalls.push(ms)).close();
    clock.stall(1_000);
    clock.advance(1_000);
    expect(stalls).toEqual([]);
  });

  it('never goes back, never runs fast, and counts at most 60 ms of a stall', () => {
    const span = fc.tuple(fc.boolean(), fc.integer({ min: 0, max: 5_000 }));
    fc.assert(
      fc.property(fc.array(span), (spans) => {
        const clock = new FakeClock();
        const meter = new StallMeter(clock);
        let before = meter.attentiveNow();
        for (const [stalled, ms] of spans) {
          if (stalled) clock.stall(ms);
          else clock.advance(ms);
          const now = meter.attentiveNow();
          expect(now).toBeGreaterThanOrEqual(before);
          expect(now - before).toBeLessThanOrEqual(stalled ? Math.min(ms, 60) : ms);
          before = now;
        }
      }),
    );
  });
});
