import { expect, it } from 'vitest';
import type { FailoverRecord } from '../../api/status.ts';
import type { FailoverTimings } from '../model/failover-timings.ts';
import { isFulfilled, memberDegradedReasons } from './member-degraded-reasons.ts';
import type { Member } from '../model/observed.ts';
import { dead, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const problemsOf = ({ resource, members }: ReturnType<typeof strong>) =>
  memberDegradedReasons(resource, makeObserved(members), t0);

it('has none if all members are well', () => {
  expect(problemsOf(strong())).toEqual([]);
});

it('reports that writes wait, and for which members', () => {
  const service = strong();
  service.members[1] = led(service.resource, 1, { state: 'Cloning' });
  expect(problemsOf(service)).toEqual([]);
  service.members[2] = led(service.resource, 2, { linked: false });
  expect(problemsOf(service)).toMatchObject([
    { reason: 'WritesWait', message: expect.stringContaining('web-1 or web-2') as string },
  ]);
});

it('does not report what a member said before it died', () => {
  const service = strong();
  const problem = {
    reason: 'HA_ERR_PROBE_REFUSED',
    message: 'the server: the connection has ended',
  };
  const said = led(service.resource, 2, { problem });
  service.members[2] = said;
  expect(problemsOf(service).map(({ reason }) => reason)).toEqual(['HA_ERR_PROBE_REFUSED']);
  const { report } = said.health!;
  service.members[2] = { ...said, health: dead('Refused', { report: report! }) };
  expect(problemsOf(service)).toEqual([]);
});

it('reports a member that says that it leads and is not the primary', () => {
  const service = strong();
  service.members[2] = led(service.resource, 2, leading());
  expect(problemsOf(service).map(({ reason }) => reason)).toEqual(['RivalLeads']);
});

it('gives the former primary of a failover the time to hear of its successor', () => {
  const service = strong();
  service.members[2] = led(service.resource, 2, leading());
  const rivalsAfter = (ms: number, from: string, committedMs?: number) => {
    const startedAt = new Date(t0 - ms).toISOString();
    const record = { epoch: 1, from, to: 'web-0', trigger: 'Silent', startedAt } as FailoverRecord;
    const status = { ...service.resource.status, failovers: [record] };
    const timings = { epoch: 1, committedAtMs: t0 - (committedMs ?? 0) } as FailoverTimings;
    return memberDegradedReasons(
      { ...service.resource, status },
      makeObserved(service.members, committedMs === undefined ? {} : { timings }),
      t0,
    ).length;
  };
  expect(rivalsAfter(4_999, 'web-2')).toBe(0);
  expect(rivalsAfter(5_000, 'web-2')).toBe(1);
  // A lease had to run out first.
  expect(rivalsAfter(30_000, 'web-2', 4_999)).toBe(0);
  expect(rivalsAfter(1_000, 'web-1')).toBe(1);
});

it('reports no waiting writes of a leader that is silent itself: its followers need not be brought back', () => {
  const { resource, members } = strong();
  const unlinked = members.map((member) =>
    member.ordinal === 0 ? member : led(resource, member.ordinal, { linked: false }),
  );
  const [leader, ...followers] = unlinked;
  expect(problemsOf({ resource, members: unlinked })).toHaveLength(1);
  const silent: Member = { ...leader!, health: { ...leader!.health!, verdict: 'Suspect' } };
  expect(problemsOf({ resource, members: [silent, ...followers] })).toEqual([]);
});

it('reports no rival that has died: what it has said before says nothing of now', () => {
  const service = strong();
  const rival = led(service.resource, 2, leading());
  service.members[2] = { ...rival, health: { ...rival.health!, verdict: 'Dead' } };
  expect(problemsOf(service)).toEqual([]);
});

it('before the first election reports no member as a rival that leads on, and of others what is true', () => {
  const { resource, members } = strong();
  for (const epoch of [undefined, 1]) {
    const lost = { ...resource, status: epoch === undefined ? {} : { epoch } };
    const rivalsOf = (writeEndpoints: string[]) =>
      memberDegradedReasons(lost, makeObserved(members, { writeEndpoints }), t0).filter(
        ({ reason }) => reason === 'RivalLeads',
      );
    expect(rivalsOf(['uid-web-0'])).toEqual([]);
    const [rival, ...none] = rivalsOf([]);
    expect(none).toEqual([]);
    expect(rival?.message).toBe(
      `web-0 says that it takes writes (in epoch 1), but no member is primary yet: ${epoch === undefined ? '' : 'it is ordered to stop; '}the write Service does not point at it`,
    );
  }
});

it('passes on what a member says is wrong with it', () => {
  const service = strong();
  const problem = { reason: 'DiskFull', message: 'the disk is full: make room' };
  const furtherProblems = [{ reason: 'LogOff', message: 'the log is off' }];
  service.members[1] = led(service.resource, 1, { problem, furtherProblems }) satisfies Member;
  expect(problemsOf(service)).toMatchObject([
    { reason: 'DiskFull', message: 'web-1: the disk is full: make room' },
    { reason: 'LogOff', message: 'web-1: the log is off' },
  ]);
});

it('is about one member, unless each member reports the same of the spec: then there is one Event', () => {
  const service = strong();
  service.members[1] = led(service.resource, 1, {
    problem: { reason: 'PasswordMissing', message: 'the Secret redis does not exist' },
    furtherProblems: [{ reason: 'LogOff', message: 'the log is off' }],
  });
  expect(problemsOf(service).map(({ about }) => about)).toEqual([undefined, 'web-1']);
});

it('tells of a member whose contract somebody has broken, and goes on with all', () => {
  const service = strong();
  service.members[1] = { ...led(service.resource, 1, {}), isContractBroken: true };
  expect(problemsOf(service)).toMatchObject([
    {
      reason: 'ContractBroken',
      message: expect.stringMatching(/pod web-1 .*kubectl delete pod -n shop web-1/) as string,
    },
  ]);
});

it('ignores a failed fence when the member has done what it was ordered, or may follow', () => {
  const { resource } = strong();
  const fence = { action: 'fence', epoch: 1 } as const;
  const settled = (report: object, service = resource) =>
    isFulfilled(service, led(service, 1, report), fence);
  expect(settled(leading())).toBe(false);
  expect(settled({})).toBe(true);
  const fencing = { epoch: 1, trigger: 'Crash' as const, startedAt: new Date(0).toISOString() };
  const failingOver = { ...resource, status: { ...resource.status, fencing } };
  expect(settled({}, failingOver)).toBe(false);
  expect(settled({ state: 'Detached' }, failingOver)).toBe(true);
});
