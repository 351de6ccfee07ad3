import { expect, it } from 'vitest';
import { figuresOf } from './figures.ts';

/** A write each 10 ms, for a minute, except in these periods. */
const writes = (...outages: [from: number, to: number][]) =>
  Array.from({ length: 6_000 }, (_, i) => i * 10).filter((at) =>
    outages.every(([from, to]) => at < from || at >= to),
  );
const kill = (at: number) => ({ pod: 'drill-0', at });

it('measures the time without writes after each kill, and all together', () => {
  const figures = figuresOf({
    due: 4,
    refused: 1,
    kills: [kill(10_000), kill(20_000), kill(30_000)],
    writes: { ackedAt: writes([10_000, 10_200], [30_000, 31_000]), lost: 0 },
    recoveryMs: [4_000, 5_000, 6_000],
    endedAt: 59_990,
  });
  expect(figures).toMatchObject({ due: 4, refused: 1, kills: 3, lost: 0, notRecovered: 0 });
  expect(figures.withoutWritesMs).toMatchObject({ median: 210, most: 1_010, least: 10 });
  expect(figures.longestOutageMs).toBe(1_010);
  expect(figures.outagesMs).toBe(1_210);
  expect(figures.recoveryMs?.median).toBe(5_000);
});

it('sees an outage whole that goes on over the next kill, and one that has no end', () => {
  const figures = figuresOf({
    due: 2,
    refused: undefined,
    kills: [kill(10_000), kill(12_000)],
    writes: { ackedAt: writes([10_000, 18_000], [50_000, 60_000]), lost: undefined },
    recoveryMs: [],
    endedAt: 60_000,
  });
  expect(figures.outagesMs).toBe(18_010);
  expect(figures.longestOutageMs).toBe(10_010);
  expect(figures.notRecovered).toBe(2);
});
