import { describe, expect, it } from 'vitest';
import type { FailoverRecord } from '../../api/status.ts';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import { stayedUntilMs } from './failover-backoff.ts';
import type { Health, Member, Observed, Resource } from '../model/observed.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const outdated = { templateHash: 'old', templateMeaning: 'old' };
const cordoned = { leavesNode: 'its node is cordoned' };
const plan = (resource: Resource, members: Member[], more: Partial<Observed> = {}) =>
  planFailover(resource, makeObserved(members, more), t0);

describe('a primary that is the last one to be updated, and has failed', () => {
  const failed = (failover: object, health: Health) => {
    const { resource, members } = running({ failover });
    const [a, b, c] = members as [Member, Member, Member];
    return plan(resource, [{ ...a, ...outdated, health }, b, c]);
  };

  it('is a matter of a failover, with its evidence', () => {
    expect(failed({}, dead('Refused'))).toMatchObject({ record: { trigger: 'Crash' } });
    expect(failed({}, dead('Silent'))).toMatchObject({ record: { trigger: 'Silent' } });
  });

  it('is a matter of the user with failover.automatic: false', () => {
    expect(failed({ automatic: false }, dead('Refused'))).toMatchObject({
      ...{ kind: 'Blocked', reason: 'AutomaticFailoverDisabled' },
    });
  });

  it('is waited for as the spec says, and while a new operator has not heard it yet', () => {
    expect(failed({ delay: '30s' }, dead('Silent'))).toMatchObject({
      ...{ kind: 'Blocked', reason: 'Delay' },
    });
    const unheard = healthy({ verdict: 'Unknown', sinceWallMs: t0 - 100 });
    expect(failed({}, unheard)).toMatchObject({ kind: 'Wait' });
  });
});

describe('the member that a planned change is for', () => {
  it('is one whose promotion has not failed, also if another one is more advanced by its report', () => {
    const { resource, members } = strong();
    const [a, , c] = members as [Member, Member, Member];
    const ahead = led(resource, 1, { position: { term: 1, offset: 101 } });
    const roleCommands: Observed['roleCommands'] = [
      {
        ...{ action: 'promote', uid: ahead.uid, epoch: 0, generation: 0, state: 'Failed' },
        ...{ failures: 3, message: '', calledAtMs: t0, retryAtMs: t0 },
      },
    ];
    const planned = plan(resource, [{ ...a, ...cordoned }, ahead, c], { roleCommands });
    expect(planned).toMatchObject({ kind: 'Fence', fencing: { wanted: 'web-2' } });
  });

  it('is one whose promotion has failed, when that is five minutes ago', () => {
    const { resource, members } = running();
    const [a, b, c] = members as [Member, Member, Member];
    const failed = (uid: string): Observed['roleCommands'][number] => ({
      ...{ action: 'promote', uid, epoch: 0, generation: 0, state: 'Failed' },
      ...{ failures: 3, message: '', calledAtMs: t0, retryAtMs: t0 },
    });
    const roleCommands = [failed(b.uid), failed(c.uid)];
    const observed = makeObserved([{ ...a, ...outdated }, b, c], { roleCommands });
    const early = decide(resource, observed, t0 + 299_999);
    expect(early.commit).toBeUndefined();
    expect(early.requeueAtMs).toBe(t0 + 300_000);
    expect(decide(resource, observed, t0 + 300_000).commit?.status.primary).toBe('web-1');
  });

  it('tells its position, if positions must be compared: otherwise the primary alone would be left', () => {
    const { resource } = strong();
    const unknown = { position: undefined } as object;
    const members = [1, 2].map((ordinal) => led(resource, ordinal, unknown));
    const primary = { ...led(resource, 0, leading(unknown)), ...cordoned };
    expect(plan(resource, [primary, ...members])).toEqual({ kind: 'None' });
  });
});

describe('planned changes that were in vain', () => {
  const record = (
    secondsAgo: number,
    trigger: FailoverRecord['trigger'],
    more: Partial<FailoverRecord> = {},
  ): FailoverRecord => ({
    ...{ epoch: 1, from: 'web-0', to: 'web-1', trigger, outcome: 'Completed' },
    startedAt: new Date(t0 - secondsAgo * 1_000).toISOString(),
    ...more,
  });
  const back = { from: 'web-1', to: 'web-0' };
  const restMs = (failovers: FailoverRecord[]) => {
    const { resource } = running();
    const status = { ...resource.status, failovers };
    return (stayedUntilMs({ ...resource, status }, t0) ?? t0) - t0;
  };
  const missed = (secondsAgo: number) => record(secondsAgo, 'Switchover', { to: 'web-0' });

  it('are followed by a rest that is doubled each time, up to an hour', () => {
    expect(restMs([missed(0)])).toBe(30_000);
    expect(restMs([missed(0), missed(30), record(90, 'Switchover'), missed(130)])).toBe(60_000);
    expect(restMs(Array.from({ length: 9 }, (_, i) => missed(i * 500)))).toBe(3_840_000);
  });

  it('count if the new primary failed at once, and so those after it', () => {
    const once = [record(0, 'Crash', back), record(2, 'Switchover')];
    expect(restMs(once)).toBe(30_000);
    const twice = [record(33, 'Crash', back), record(35, 'Switchover')];
    expect(restMs([...once, ...twice])).toBe(60_000);
    const both = record(1, 'PromoteFailed', { from: 'web-1', to: 'web-2' });
    expect(restMs([record(0, 'Crash', { from: 'web-2', to: 'web-0' }), both, once[1]!])).toBe(
      30_000,
    );
  });

  it('do not count if it failed later, or somebody deleted it', () => {
    expect(restMs([record(0, 'Crash', back), record(90, 'Switchover')])).toBe(0);
    const deleted = { ...back, podDeleted: true as const };
    expect(restMs([record(0, 'PodGone', deleted), record(2, 'Switchover')])).toBe(0);
    expect(restMs([record(0, 'Crash', back), record(2, 'Crash')])).toBe(0);
  });

  it('hold up no request of a user, and the condition Progressing says until when they hold up an update', () => {
    const failovers = [record(0, 'Crash', back), record(2, 'Switchover')];
    const { resource, members } = strong({}, { failovers });
    const [a, b, c] = members as [Member, Member, Member];
    expect(plan(resource, [{ ...a, ...cordoned }, b, c])).toEqual({ kind: 'None' });
    const { status } = decide(resource, makeObserved([{ ...a, ...outdated }, b, c]), t0);
    const { message } = status.conditions?.find(({ type }) => type === 'Progressing') ?? {};
    expect(message).toContain(
      'web-0 is replaced later, as the last planned change was in vain (status.failovers): the next try is at 2026-01-01T00:00:30.000Z',
    );
    const requests = { switchover: new Date(t0).toISOString() };
    expect(plan({ ...resource, requests }, [a, b, c])).toMatchObject({ kind: 'Fence' });
  });
});
