import { expect, it } from 'vitest';
import { stripOf } from './strip.ts';

it('puts each request into the cell of its time, and leaves out those outside', () => {
  const sample = (sentAt: number, ok: boolean) => ({
    connection: 'new' as const,
    sentAt,
    endedAt: sentAt + 500,
    ok,
  });
  const samples = [
    sample(999, false),
    sample(1_000, true),
    sample(1_110, true),
    sample(1_190, false),
    sample(1_200, false),
    sample(1_400, true),
  ];
  expect(stripOf(samples, 1_000, 100, 4)).toEqual(['ok', 'some', 'failed', 'none']);
});
