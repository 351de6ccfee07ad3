import { expect, it } from 'vitest';
import { memberReportSchema } from '../protocol/member-protocol.ts';
import { problemFields } from './managed-engine.ts';

it('a report with many problems, and with a text of any length, is one that the operator reads', () => {
  const problems = Array.from({ length: 20 }, (_, i) => ({
    reason: 'CloneFailed',
    message: `${i}: ${'ä'.repeat(5_000)}`,
  }));
  const told = problemFields([undefined, ...problems]);
  const report = { state: 'Following', epoch: 1, ledEpoch: 0, ...told };
  expect(memberReportSchema.safeParse(report).error).toBeUndefined();
  expect(told.problem?.message).toMatch(/^0: ä+$/);
});
