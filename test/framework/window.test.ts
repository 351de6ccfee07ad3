import { describe, expect, it } from 'vitest';
import type { Connection, Sample } from './sample.ts';
import { analyse } from './window.ts';

const sample = (
  sentAt: number,
  endedAt: number,
  ok: boolean,
  connection: Connection = 'new',
): Sample => ({ sentAt, endedAt, ok, connection });

describe('analyse', () => {
  it('counts what was under way at the fault, and leaves out what had ended before it', () => {
    const samples = [sample(90, 99, false), sample(95, 105, true), sample(110, 112, true)];
    expect(analyse(samples, 100, 1_000)).toMatchObject({ sent: 2, failed: 0, lastFailureMs: 0 });
  });

  it('leaves out what was sent after the window', () => {
    const samples = [sample(199, 300, false), sample(200, 201, false)];
    expect(analyse(samples, 100, 200)).toMatchObject({ sent: 1, failed: 1, lastFailureMs: 200 });
  });

  it('takes the end of the last failed request, even if a later one ended sooner', () => {
    const samples = [sample(100, 350, false), sample(120, 130, false), sample(400, 401, true)];
    expect(analyse(samples, 100, 1_000)).toMatchObject({ sent: 3, failed: 2, lastFailureMs: 250 });
  });

  it('tells new connections from kept ones', () => {
    const samples = [
      sample(100, 110, false, 'new'),
      sample(100, 140, false, 'kept'),
      sample(150, 151, true, 'kept'),
    ];
    expect(analyse(samples, 100, 1_000).connections).toEqual({
      new: { sent: 1, failed: 1, lastFailureMs: 10 },
      kept: { sent: 2, failed: 1, lastFailureMs: 40 },
    });
  });

  it('finds the first success among what was sent after the first failure', () => {
    const samples = [
      sample(90, 150, true),
      sample(101, 104, false),
      sample(300, 310, false),
      sample(280, 305, true),
      sample(320, 322, true),
    ];
    expect(analyse(samples, 100, 1_000).firstSuccessMs).toBe(205);
    expect(analyse(samples.slice(0, 3), 100, 1_000).firstSuccessMs).toBeUndefined();
    expect(analyse(samples.slice(0, 1), 100, 1_000).firstSuccessMs).toBeUndefined();
  });

  it('reports that requests still fail at the end', () => {
    const samples = [sample(100, 110, false), sample(4_500, 4_510, false)];
    expect(analyse(samples, 100, 5_000).isStillFailing).toBe(true);
    expect(analyse(samples, 100, 6_000).isStillFailing).toBe(false);
  });

  it('is zero if nothing was sent', () => {
    expect(analyse([], 100, 200)).toMatchObject({ sent: 0, failed: 0, lastFailureMs: 0 });
  });
});
