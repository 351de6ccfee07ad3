import { describe, expect, it } from 'vitest';
import { beginOf, forkOf, parseTimelineHistory, timelineAt } from './timeline-history.ts';
import { formatLsn, historyName, parseLsn, segmentName } from './position.ts';
import { applicationName, connectionName, connectionString, literal, syncNames } from './quote.ts';

const MiB = 2 ** 20;

describe('histories', () => {
  const text =
    '1\t0/3000000\tno recovery target specified\n\n# a comment\n3\t1/5000000\tbefore x\n';
  const history = parseTimelineHistory(7, text);

  it('are read from their files', () => {
    expect(history).toEqual([
      { timeline: 1, begin: 0, end: 0x3000000 },
      { timeline: 3, begin: 0x3000000, end: 2 ** 32 + 0x5000000 },
      { timeline: 7, begin: 2 ** 32 + 0x5000000, end: Infinity },
    ]);
    expect(beginOf(history)).toBe(2 ** 32 + 0x5000000);
  });

  it('name the timeline of a position', () => {
    expect(timelineAt(history, 0x2ffffff)).toBe(1);
    // A member that holds all that the leader held at its promotion has reached the leader's timeline.
    expect(timelineAt(history, 0x3000000)).toBe(3);
    expect(timelineAt(history, 2 ** 40)).toBe(7);
  });

  it.each([
    { own: history, name: 'of one that continues', fork: Infinity },
    {
      own: parseTimelineHistory(3, '1\t0/3000000'),
      name: 'of a parent',
      fork: 2 ** 32 + 0x5000000,
    },
    { own: parseTimelineHistory(1, ''), name: 'of a grandparent', fork: 0x3000000 },
    {
      own: parseTimelineHistory(2, '1\t0/2000000'),
      name: 'that diverged earlier',
      fork: 0x2000000,
    },
    { own: parseTimelineHistory(2, '1\t0/4000000'), name: 'that diverged later', fork: 0x3000000 },
    {
      own: parseTimelineHistory(9, '1\t0/3000000'),
      name: 'that diverged at the same point',
      fork: 0x3000000,
    },
    {
      own: parseTimelineHistory(7, '1\t0/3000000\n3\t0/4000000'),
      name: 'of the same number',
      fork: 0x4000000,
    },
  ])('diverge from the log $name', ({ own, fork }) => {
    expect(forkOf(own, history)).toBe(fork);
    expect(forkOf(history, own)).toBe(fork);
  });
});

describe('positions', () => {
  it('are written as in Postgres', () => {
    expect(formatLsn(parseLsn('1A/2B003C0'))).toBe('1A/2B003C0');
    expect(historyName(26)).toBe('0000001A.history');
    expect(segmentName(2, parseLsn('3/FF000000'), 16 * MiB)).toBe('0000000200000003000000FF');
    expect(segmentName(2, parseLsn('3/40000000'), 1024 * MiB)).toBe('000000020000000300000001');
  });
});

describe('names', () => {
  it('are quoted', () => {
    expect(syncNames({ members: ['a-0', 'b"c'], acks: 1 })).toBe('ANY 1 ("a-0","b""c")');
    expect(syncNames({ members: ['a'], acks: 0 })).toBe('');
    expect(syncNames(undefined)).toBe('');
    expect(literal(`a'b\\c`)).toBe(`'a''b\\\\c'`);
    expect(connectionString({ host: 'h', port: 1, x: `a'b\\c` })).toBe(
      `host='h' port='1' x='a\\'b\\\\c'`,
    );
  });

  it('have the length limit of Postgres, and still differ', () => {
    const [one, other] = [
      applicationName(`${'x'.repeat(100)}-1`),
      applicationName(`${'x'.repeat(100)}-2`),
    ];
    expect(one).toHaveLength(63);
    expect(one).not.toBe(other);
  });

  it("are a member's own only for following", () => {
    const member = 'x'.repeat(100);
    expect(connectionName('follow', member)).toBe(applicationName(member));
    for (const purpose of ['copy', 'rewind'] as const) {
      expect(connectionName(purpose, member).slice(0, 63)).toContain(' ');
    }
  });
});
