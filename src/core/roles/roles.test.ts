import { describe, expect, it } from 'vitest';
import type { FailoverRecord, Status } from '../../api/status.ts';
import { primaryOf } from '../model/member.ts';
import type { RoleCommandState, Member } from '../model/observed.ts';
import { planRoles } from './roles.ts';
import { dead, healthy, makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';

const spec = {
  engine: { type: 'HTTP', promote: { path: '/promote' }, demote: { path: '/demote' } },
};

const hook = (
  action: RoleCommandState['action'],
  ordinal: number,
  more: Partial<RoleCommandState> = {},
): RoleCommandState => ({
  action,
  uid: `uid-web-${ordinal}`,
  generation: 0,
  epoch: 1,
  state: 'Done',
  failures: 0,
  message: '',
  calledAtMs: t0 - 1_000,
  retryAtMs: 0,
  ...more,
});

function plan(
  roleCommands: RoleCommandState[],
  {
    status = {},
    change = (m: Member) => m,
  }: { status?: Status; change?: (m: Member) => Member } = {},
) {
  const resource = makeResource(spec, {
    primary: 'web-0',
    primaryUID: 'uid-web-0',
    epoch: 1,
    ...status,
  });
  const members = [0, 1].map((ordinal) => change(makeMember(resource, ordinal)));
  const observed = makeObserved(members, { roleCommands });
  const { commands, promoted, requeueAtMs } = planRoles(
    resource,
    observed,
    primaryOf(resource, members),
    t0,
  );
  return {
    commands: commands.map(({ action, member, epoch }) => `${action} ${member.name} ${epoch}`),
    failures: commands.map(({ failures }) => failures),
    promoted,
    requeueAtMs,
  };
}

describe('planRoles', () => {
  it('gives each member its role once', () => {
    expect(plan([])).toMatchObject({
      commands: ['demote web-1 1', 'promote web-0 1'],
      promoted: false,
    });
    const told = [hook('promote', 0), hook('demote', 1)];
    expect(plan(told)).toMatchObject({ commands: [], promoted: true });
    const running = told.map((state) => ({ ...state, state: 'Running' as const }));
    expect(plan(running)).toMatchObject({ commands: [], promoted: false });
  });

  it('gives a member its role again after a recovery from Dead, as the new process may not know it', () => {
    const reborn = (member: Member) => ({ ...member, health: healthy({ generation: 1 }) });
    const told = [hook('promote', 0), hook('demote', 1)];
    expect(plan(told, { change: reborn }).commands).toEqual(['demote web-1 1', 'promote web-0 1']);
  });

  it('gives no command to a member that cannot be reached', () => {
    const silent = (member: Member) => ({ ...member, health: dead('Silent') });
    expect(plan([], { change: silent })).toMatchObject({ commands: [], promoted: false });
  });

  it('promotes again in each epoch, and demotes the primary of an earlier one', () => {
    const status = { primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2 };
    const told = [hook('promote', 0), hook('demote', 1, { calledAtMs: t0 - 2_000 })];
    expect(plan(told, { status }).commands).toEqual(['demote web-0 2', 'promote web-1 2']);
    const done = [...told, hook('demote', 0, { epoch: 2 }), hook('promote', 1, { epoch: 2 })];
    expect(plan(done, { status })).toMatchObject({ commands: [], promoted: true });
  });

  it('demotes a former primary of this very epoch once, not for ever', () => {
    const status = { primary: undefined, primaryUID: undefined } as unknown as Status;
    const promoted = hook('promote', 0);
    expect(plan([promoted, hook('demote', 1)], { status }).commands).toEqual(['demote web-0 1']);
    const demoted = hook('demote', 0, { calledAtMs: t0 });
    expect(plan([promoted, demoted, hook('demote', 1)], { status }).commands).toEqual([]);
  });

  it('tries a failed call again when it is due, and counts', () => {
    const failed = { state: 'Failed' as const, failures: 2, message: 'answered 500' };
    const early = [hook('promote', 0, { ...failed, retryAtMs: t0 + 500 }), hook('demote', 1)];
    expect(plan(early)).toMatchObject({ commands: [], requeueAtMs: t0 + 500 });
    const due = [hook('promote', 0, { ...failed, retryAtMs: t0 }), hook('demote', 1)];
    expect(plan(due)).toMatchObject({ commands: ['promote web-0 1'], failures: [2] });
  });

  it('lets a former primary that still runs hear of it before another is promoted', () => {
    const record: FailoverRecord = {
      epoch: 2,
      from: 'web-0',
      to: 'web-1',
      trigger: 'Unhealthy',
      startedAt: new Date(t0).toISOString(),
      outcome: 'Promoting',
    };
    const status = { primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2, failovers: [record] };
    expect(plan([], { status }).commands).toEqual(['demote web-0 2']);
    const asked = hook('demote', 0, { epoch: 2, state: 'Running' });
    expect(plan([asked], { status }).commands).toEqual([]);
    const failed = hook('demote', 0, { epoch: 2, state: 'Failed', failures: 1, retryAtMs: t0 + 1 });
    expect(plan([failed], { status }).commands).toEqual(['promote web-1 2']);
    const gone = (m: Member) => (m.ordinal === 0 ? { ...m, health: dead('Refused') } : m);
    expect(plan([], { status, change: gone }).commands).toEqual(['promote web-1 2']);
  });
});
