import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import type { CopyReport } from '../../protocol/member-protocol.ts';
import type { Resource } from '../model/observed.ts';
import { healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { report, strong } from '../testing/led.ts';

const GiB = 2 ** 30;
const time = (afterMs: number) => new Date(t0 + afterMs).toISOString();

/** The status at `atMs` of a service in which web-2 is being made a copy, and has reported that at `reportedMs`. */
function after(
  resource: Resource,
  copy: CopyReport | undefined,
  atMs: number,
  reportedMs = atMs,
): Resource {
  const { members } = strong();
  const cloning = report({
    ...{ state: 'Cloning', leader: 'web-0' },
    ...(copy === undefined ? {} : { copy }),
  });
  delete cloning.position;
  delete cloning.linked;
  const health = healthy({ report: cloning, reportedAtMs: t0 + reportedMs });
  const all = [...members.slice(0, 2), makeMember(resource, 2, { health })];
  const observed = makeObserved(all, { writeEndpoints: ['uid-web-0'] });
  return { ...resource, status: decide(resource, observed, t0 + atMs).status };
}

const copyOf = ({ status }: Resource) => status.members?.[2]?.copy;
const progress = ({ status }: Resource) =>
  status.conditions?.find(({ type }) => type === 'Progressing');

describe('the status of a member that is being made a copy', () => {
  const first = after(
    strong().resource,
    { bytes: 2 * GiB, totalBytes: 40 * GiB, elapsedMs: 60_000 },
    0,
  );

  it('says how far the copy is, and since when it is made', () => {
    expect(copyOf(first)).toEqual({
      bytes: 2 * GiB,
      totalBytes: 40 * GiB,
      since: time(-60_000),
      lastProgressTime: time(0),
    });
    expect(progress(first)).toMatchObject({
      status: 'True',
      message: `web-2 is being made a copy of web-0: 2.0 GiB of 40.0 GiB since ${time(-60_000)}`,
    });
  });

  it('does not change with each report', () => {
    const more = { bytes: 3 * GiB, totalBytes: 40 * GiB, elapsedMs: 69_900 };
    expect(after(first, more, 9_999)).toEqual(first);
    const later = after(first, { ...more, elapsedMs: 70_200 }, 10_000);
    expect(copyOf(later)).toEqual({
      bytes: 3 * GiB,
      totalBytes: 40 * GiB,
      since: time(-60_000),
      lastProgressTime: time(10_000),
    });
  });

  it('shows for how long a copy has come no further, without another write', () => {
    const same = { bytes: 2 * GiB, totalBytes: 40 * GiB, elapsedMs: 660_000 };
    expect(after(first, same, 600_000)).toEqual(first);
  });

  it('begins anew with another attempt, and ends with the copy', () => {
    const again = after(first, { bytes: 0, elapsedMs: 1_000 }, 20_000);
    expect(copyOf(again)).toEqual({
      bytes: 0,
      since: time(19_000),
      lastProgressTime: time(20_000),
    });
    expect(progress(again)?.message).toContain('0 bytes since');
    const failed = after(first, undefined, 5_000);
    expect(copyOf(failed)).toBeUndefined();
    expect(progress(failed)?.message).toBe(
      'web-2 answers, but neither leads nor follows (Cloning)',
    );
  });

  it('bears what no copy can be', () => {
    const { MAX_SAFE_INTEGER: most } = Number;
    const odd = after(strong().resource, { bytes: most, totalBytes: 0, elapsedMs: most }, 0);
    expect(copyOf(odd)?.since).toBe('1970-01-01T00:00:00.000Z');
  });
});
