import { describe, expect, it } from 'vitest';
import { decide } from './decide.ts';
import type { Member, Observed } from './model/observed.ts';
import { conditionOf } from './status/events.ts';
import { specWarning } from './status/spec-warnings.ts';
import { dead, makeObserved, running, t0 } from './testing/fixtures.ts';
import { led, leading, strong } from './testing/led.ts';

const minuteMs = 60_000;
const untilMs = t0 + 30 * minuteMs;
const text = 'the daily blackout from 00:00 to 00:30 (UTC)';
const changeTimes = { blackout: { text, untilMs } };
const outdated = (member: Member): Member => ({ ...member, templateHash: 'old' });

/** The decision in a blackout, and without one. */
function both(resource: Parameters<typeof decide>[0], members: Member[], nowMs = t0) {
  const at = (more: Partial<Observed>) => decide(resource, makeObserved(members, more), nowMs);
  return { held: at({ changeTimes }), free: at({}) };
}
const deleted = ({ actions }: ReturnType<typeof decide>) =>
  actions.flatMap((action) => (action.type === 'DeletePod' ? [action.removal.member.name] : []));

describe('in a blackout of spec.plannedChanges', () => {
  it('no member is replaced because the spec was edited; the condition says until when, and the operator looks again then', () => {
    const { resource, members } = strong();
    const { held, free } = both(resource, members.map(outdated));
    expect(deleted(free)).toEqual(['web-2']);
    expect(deleted(held)).toEqual([]);
    expect(held.requeueAtMs).toBeLessThanOrEqual(untilMs);
    const condition = conditionOf(held.status, 'Progressing');
    expect(condition?.message).toContain(`${text} (spec.plannedChanges) holds planned changes`);
    expect(condition?.message).toContain('until 2026-01-01T00:30:00.000Z');
  });

  it('the primary does not hand over so that it can be replaced', () => {
    const { resource, members } = strong();
    const [first, ...others] = members as [Member, Member, Member];
    const { held, free } = both(resource, [outdated(first), ...others]);
    expect(free.commit?.status.fencing).toMatchObject({ trigger: 'Switchover' });
    expect(held.commit).toBeUndefined();
  });

  it('a restart that a user asks for is carried out', () => {
    const lastRequest = new Date(t0 - 1_000).toISOString();
    const { resource, members } = strong({}, { restart: { lastRequest } });
    const old = members.map((member) => ({ ...member, createdAtMs: t0 - minuteMs }));
    const { held } = both(resource, old);
    expect(deleted(held)).toEqual(['web-2']);
  });

  it('a restart waits for no other member whose update is held back, and the condition names no blackout if it holds none', () => {
    const lastRequest = new Date(t0 - 1_000).toISOString();
    const { resource, members } = strong({}, { restart: { lastRequest } });
    const restarted = (member: Member) => ({ ...member, restartedFor: lastRequest });
    const asked = (member: Member) => ({ ...member, createdAtMs: t0 - minuteMs });
    const [first, second, third] = members as [Member, Member, Member];
    // Made for that restart, from the spec before its last edit.
    const edited = restarted(outdated(second));
    const { held } = both(resource, [asked(first), edited, restarted(third)]);
    expect(held.commit?.status.fencing?.trigger).toBe('Switchover');
    const told = (standby: Member) => {
      const { status } = both(resource, [asked(first), standby, asked(third)]).held;
      return conditionOf(status, 'Progressing')?.message;
    };
    expect(told(edited)).toContain(text);
    expect(told(asked(second))).toContain('still to be restarted');
    expect(told(asked(second))).not.toContain(text);
  });

  it('a drain goes on: the primary hands over to a member whose own update is held back', () => {
    const { resource, members } = strong({ replicas: 2 });
    const [first, second] = members as [Member, Member, Member];
    const old = outdated(second);
    const leaving = { ...first, leavesNode: 'its node is cordoned' };
    const { held, free } = both(resource, [leaving, old]);
    expect(held.commit?.status.fencing).toMatchObject({ trigger: 'Switchover', wanted: 'web-1' });
    expect(free.commit).toBeUndefined();
    const requests = { switchover: new Date(t0).toISOString() };
    const asked = both({ ...resource, requests }, [first, old]);
    expect(asked.held.commit?.status.fencing?.trigger).toBe('Switchover');
    expect(asked.free.status.switchover?.message).toContain('is replaced next');
  });

  it('a standby that could not be promoted is no fault of an update that is held back anyway', () => {
    const { resource, members } = running();
    const [first, ...others] = members as [Member, Member, Member];
    const roleCommands: Observed['roleCommands'] = others.map(({ uid }) => ({
      ...{ action: 'promote', uid, epoch: 0, generation: 0, state: 'Failed', failures: 3 },
      ...{ message: 'answered 404', calledAtMs: t0, retryAtMs: t0 },
    }));
    const degraded = (more: Partial<Observed>) => {
      const all = [outdated(first), ...others];
      const { status } = decide(resource, makeObserved(all, { roleCommands, ...more }), t0);
      return conditionOf(status, 'Degraded')?.message;
    };
    expect(degraded({})).toContain('the update waits');
    expect(degraded({ changeTimes }) ?? '').not.toContain('the update waits');
  });

  it('no member is moved to another zone', () => {
    const { resource, members } = running();
    const crowded = members.map((m) => (m.ordinal === 2 ? { ...m, zone: 'b' } : m));
    const { held, free } = both(resource, crowded);
    expect(free.status.lastRebalanceTime).toBeDefined();
    expect(held.status.lastRebalanceTime).toBeUndefined();
  });

  it('the role does not go back to a preferred member before its end', () => {
    const preferredPrimary = { ordinals: [2], failbackAfter: '1m' };
    const { resource } = strong(
      { failover: { consistency: 'Strong', preferredPrimary } },
      { lastFailoverTime: new Date(t0 - 2 * minuteMs).toISOString() },
    );
    const members = [led(resource, 0, leading()), led(resource, 1, {}), led(resource, 2, {})];
    const { held, free } = both(resource, members);
    expect(free.commit?.status.fencing?.trigger).toBe('Switchover');
    expect(held.commit).toBeUndefined();
    expect(held.requeueAtMs).toBeLessThanOrEqual(untilMs);
  });

  it('failovers, hand-overs before a node goes, and what the user forbids to lead go on', () => {
    const { resource, members } = strong();
    const [first, ...others] = members as [Member, Member, Member];
    const crashed = { ...first, health: dead('Refused') };
    const leaving = { ...first, leavesNode: 'its node is cordoned' };
    for (const [member, trigger] of [
      [crashed, 'Crash'],
      [leaving, 'Switchover'],
    ] as const) {
      const { held } = both(resource, [member, ...others]);
      expect(held.commit?.status.fencing).toMatchObject({ trigger });
    }
    const never = strong({
      failover: { consistency: 'Strong', neverPrimary: { ordinals: [0] } },
    });
    const { held } = both(never.resource, never.members);
    expect(held.commit?.status.fencing).toMatchObject({ trigger: 'Switchover' });
  });
});

it('a blackout that is wrong is warned of, and holds nothing back', () => {
  const { resource, members } = strong();
  const message = 'spec.plannedChanges.blackouts[0]: the day "2026-02-30" does not exist';
  const observed = makeObserved(members.map(outdated), { changeTimes: { problem: { message } } });
  expect(specWarning(resource, observed)[0]?.message).toContain(`${message}. Until then`);
  expect(deleted(decide(resource, observed, t0))).toEqual(['web-2']);
});

it('blackouts that leave no time of day are warned of, and hold all back', () => {
  const { resource, members } = strong();
  const observed = makeObserved(members.map(outdated), {
    changeTimes: { ...changeTimes, isEndless: true },
  });
  expect(specWarning(resource, observed)[0]?.message).toContain('no planned change ever begins');
  expect(deleted(decide(resource, observed, t0))).toEqual([]);
});
