import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import type { Member, Resource } from '../model/observed.ts';
import { makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const cordoned = { leavesNode: 'its node is cordoned' };
const outdated = { templateHash: 'old', templateMeaning: 'old' };
const lateMs = t0 + 3_600_000;
const preferring = (ordinals: number[], more: object = {}) => ({
  ...{ preferredPrimary: { ordinals, failbackAfter: '0s' } },
  ...more,
});

/** As all members report after each election: those of a fence have left their roles. */
function reporting(resource: Resource, member: Member): Member {
  const { status } = resource;
  const epoch = status.epoch ?? 0;
  const lead = status.primary ?? '';
  const state = status.fencing === undefined ? 'Following' : 'Detached';
  const others = ['web-0', 'web-1', 'web-2'].filter((name) => name !== lead);
  const { health } =
    status.fencing === undefined && member.name === lead
      ? led(resource, member.ordinal, {
          ...leading({ sync: { members: others, acks: 1 } }),
          ...{ epoch, ledEpoch: epoch },
        })
      : led(resource, member.ordinal, { state, epoch, leader: lead });
  return { ...member, ...(health === undefined ? {} : { health }) };
}

/** The primaries that follow one another while the pods stay as they are, in 20 passes within four seconds. */
function leaders(
  start: Resource,
  members: Member[],
  report: (resource: Resource, member: Member) => Member = (_, member) => member,
): string[] {
  let resource = start;
  const names: string[] = [];
  for (let pass = 0; pass < 20; pass++) {
    const seen = makeObserved(
      members.map((each) => report(resource, each)),
      { writeEndpoints: [resource.status.primaryUID ?? ''] },
    );
    const { commit, status } = decide(resource, seen, lateMs + pass * 200);
    const { primary } = commit?.status ?? {};
    if (primary !== undefined && primary !== resource.status.primary) names.push(primary);
    resource = { ...resource, status: commit?.status ?? status };
  }
  return names;
}

describe('a primary that hands over', () => {
  it('does not to a member that would hand over next, as it is the last outdated one', () => {
    for (const [spec, leaves] of [
      [{}, cordoned],
      [{ failover: preferring([0]) }, {}],
    ] as const) {
      const { resource, members } = running(spec);
      const [a, b, c] = members as [Member, Member, Member];
      const all = [
        { ...a, ...outdated },
        { ...b, ...leaves },
        { ...c, ...leaves },
      ];
      expect(leaders(resource, all)).toEqual(['web-1']);
    }
  });

  it('does so with a fence as well, to the member that is found before', () => {
    for (const [failover, leaves] of [
      [{}, cordoned],
      [preferring([1]), {}],
    ] as const) {
      const { resource, members } = strong({ failover: { consistency: 'Strong', ...failover } });
      const [a, b, c] = members as [Member, Member, Member];
      // web-0 and web-2 may not stay.
      const all = [{ ...a, ...leaves }, b, { ...c, ...leaves }];
      expect(leaders(resource, all, reporting)).toEqual(['web-1']);
      // A member is yet to be replaced: the update goes on while the primary waits.
      const stale = [all[0]!, { ...b, ...outdated }, all[2]!];
      expect(leaders(resource, stale, reporting).length).toBeLessThan(2);
    }
  });

  it('rests if another member than the one that was meant had more data', () => {
    for (const [failover, leaves] of [
      [{}, cordoned],
      [preferring([1]), {}],
    ] as const) {
      const { resource, members } = strong({ failover: { consistency: 'Strong', ...failover } });
      const [a, b, c] = members as [Member, Member, Member];
      const all = [{ ...a, ...leaves }, b, { ...c, ...leaves }];
      const behind = (subject: Resource, member: Member): Member => {
        const seen = reporting(subject, member);
        const { health } = seen;
        const isBehind = subject.status.fencing !== undefined && member.name === 'web-1';
        if (!isBehind || health?.report === undefined) return seen;
        const report = { ...health.report, position: { term: 1, offset: 99 } };
        return { ...seen, health: { ...health, report } };
      };
      expect(leaders(resource, all, behind)).toEqual(['web-2']);
    }
  });

  it('does not to a member that lacks more than failover.maxLag, also with PromoteAnyway: nothing has failed', () => {
    const eventual = { consistency: 'Eventual', onNoCandidate: 'PromoteAnyway' };
    const { resource } = strong({ failover: eventual });
    const behind = { position: { term: 1, offset: 100 } };
    const ahead = leading({ position: { term: 1, offset: 1e9 }, sync: { members: [], acks: 0 } });
    const primary = { ...led(resource, 0, ahead), ...cordoned };
    const seen = makeObserved([primary, led(resource, 1, behind), led(resource, 2, behind)]);
    expect(decide(resource, seen, t0).commit).toBeUndefined();
    const requests = { switchover: new Date(t0).toISOString() };
    const { commit, status } = decide({ ...resource, requests }, seen, t0);
    expect(commit).toBeUndefined();
    expect(status.switchover?.message).toMatch(
      /web-1, is 999999900 bytes behind, failover.maxLag allows 1Mi: wait until it has caught up/,
    );
  });

  it('does not to a member whose process could not be promoted: the role would come back, again and again', () => {
    const { resource, members } = running();
    const [a, b, c] = members as [Member, Member, Member];
    const seen = (all: Member[], failures: number) =>
      makeObserved(all, {
        roleCommands: [b, c].map(({ uid }) => ({
          ...{ uid, action: 'promote', generation: 0, epoch: 1, reason: 'HookFailed' },
          ...{ state: 'Failed', failures, message: '', calledAtMs: t0, retryAtMs: t0 },
        })),
      });
    for (const why of [cordoned, outdated]) {
      const all = [{ ...a, ...why }, b, c];
      expect(decide(resource, seen(all, 2), t0).commit?.status.primary).toBe('web-1');
      const { commit, status } = decide(resource, seen(all, 3), t0);
      expect(commit).toBeUndefined();
      const { message } = status.conditions?.find(({ type }) => type === 'Progressing') ?? {};
      const told = 'web-0 is replaced when another member can lead: web-1 could not be promoted';
      if (why === outdated) expect(message).toContain(told);
    }
  });

  it('is not asked to by a user if the new primary would hand over again at once', () => {
    const { resource, members } = running();
    const [a, b, c] = members as [Member, Member, Member];
    const asked = { ...resource, requests: { switchover: `${new Date(t0).toISOString()} web-1` } };
    const told = (all: Member[]) => decide(asked, makeObserved(all), t0);
    expect(told([a, { ...b, ...cordoned }, c]).status.switchover?.message).toMatch(
      /web-1 would hand over again at once, as it must go: its node is cordoned/,
    );
    expect(told([a, { ...b, ...outdated }, c]).status.switchover?.message).toMatch(
      /web-1 is replaced next.*wait until the update has ended/,
    );
    const all = [a, b, c].map((each) => ({ ...each, ...cordoned }));
    expect(told(all).commit?.status.primary).toBe('web-1');
  });
});
