import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { showMs } from '../model/takes-orders.ts';
import { led, leading, strong } from '../testing/led.ts';

const now = new Date(t0).toISOString();
const asking = (resource: Resource, switchover: string): Resource => ({
  ...resource,
  requests: { switchover },
});
const decided = (resource: Resource, members: Member[]) =>
  decide(resource, makeObserved(members), t0);
/** What the operator says of a request that it refuses. */
function refusal(resource: Resource, members: Member[]): string | undefined {
  const { status, events, commit } = decided(resource, members);
  expect(commit).toBeUndefined();
  const ofIt = events.filter(({ reason }) => reason === 'SwitchoverRefused');
  expect(ofIt).toMatchObject([{ type: 'Warning' }]);
  expect(status.switchover?.refusedRequest).toBe(resource.requests?.switchover);
  return status.switchover?.message;
}

describe('a switchover that a user asks for', () => {
  it('fences the primary first, and prefers the member that is meant', () => {
    const { resource, members } = strong();
    const asked = asking(resource, `${now} web-2`);
    const { commit, events } = decided(asked, members);
    expect(commit?.status).toMatchObject({
      switchover: { lastRequest: `${now} web-2` },
      fencing: { trigger: 'Switchover', from: 'web-0', wanted: 'web-2', epoch: 2 },
    });
    expect(events[0]).toMatchObject({ type: 'Normal', reason: 'SwitchoverStarted' });
    const fenced = { state: 'Detached' as const, epoch: 2 };
    const after = [0, 1, 2].map((ordinal) => led(resource, ordinal, fenced));
    const next = planFailover({ ...asked, status: commit!.status }, makeObserved(after), t0 + 100);
    expect(next).toMatchObject({ kind: 'Elect', winner: { name: 'web-2' } });
    // Of more data than the member that is meant has, nothing is given up.
    const more = led(resource, 1, { ...fenced, position: { term: 1, offset: 101 } });
    const most = planFailover(
      { ...asked, status: commit!.status },
      makeObserved([after[0]!, more, after[2]!]),
      t0 + 100,
    );
    expect(most).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  });

  it('takes the best member of a zone, or of all others, and each request is carried out once', () => {
    const { resource, members } = running();
    const inZone = decided(asking(resource, `${now} c`), members);
    expect(inZone.commit?.status).toMatchObject({ primary: 'web-2', epoch: 2 });
    const any = decided(asking(resource, now), members);
    expect(any.commit?.status.primary).toBe('web-1');
    const done = { ...asking(resource, now), status: any.commit!.status };
    expect(decided(done, members).commit).toBeUndefined();
  });

  it.each([
    [
      'soon',
      /this is no time stamp.*annotate again with haservice.dev\/switchover="\$\(date -Is\)"/,
    ],
    [new Date(t0 - 600_000).toISOString(), /more than five minutes ago/],
    [`${now} web-0`, /web-0 leads already/],
    [`${now} a`, /web-0 leads already/],
    [`${now} web-9`, /web-9 is not there: web-0 \(a\), web-1 \(b\), web-2 \(c\)/],
    [`${now} web-1 web-2`, /write one member or one zone/],
  ])('%s is refused with the reason, once', (value, why) => {
    const { resource, members } = strong();
    const asked = asking(resource, value);
    expect(refusal(asked, members)).toMatch(why);
    const { status } = decided(asked, members);
    expect(decided({ ...asked, status }, members).events).toEqual([]);
    // The annotation is removed, and the message with it.
    expect(decided({ ...resource, status }, members).status.switchover).toBeUndefined();
  });

  it('is refused while it would cost something, or another change runs', () => {
    const { resource, members } = strong();
    const asked = asking(resource, `${now} web-1`);
    const [a, b, c] = members as [Member, Member, Member];
    expect(refusal(asked, [a, { ...b, health: dead('Silent') }, c])).toMatch(
      /web-1 is not well: .*silent/,
    );
    expect(refusal(asked, [a, led(resource, 1, { state: 'Cloning' }), c])).toMatch(/web-1/);
    expect(
      refusal(asking({ ...resource, spec: { ...resource.spec, paused: true } }, now), members),
    ).toMatch(/spec.paused is true/);
    const never = { ...resource.spec.failover, neverPrimary: { ordinals: [1] } };
    const forbidden = { ...resource, spec: { ...resource.spec, failover: never } };
    expect(refusal(asking(forbidden, `${now} web-1`), members)).toMatch(/web-1 may not lead/);
    const startedAt = now;
    const fencing = { epoch: 2, from: 'web-0', trigger: 'Crash' as const, startedAt };
    const failing = { ...resource, status: { ...resource.status, epoch: 2, fencing } };
    expect(decided(asking(failing, now), members).status.switchover?.message).toMatch(
      /a change of the primary is running/,
    );
  });

  it('takes another than the most advanced one if that one would hand over again at once', () => {
    const { resource, members } = strong();
    const [a, , c] = members as [Member, Member, Member];
    // By its report, which is a moment younger.
    const ahead = led(resource, 1, { position: { term: 1, offset: 101 } });
    const seen = [a, { ...ahead, leavesNode: 'its node is cordoned' }, c];
    expect(decided(asking(resource, now), seen).commit?.status.fencing?.wanted).toBe('web-2');
  });

  it('waits until a new operator has heard the members, and no longer', () => {
    const { resource, members } = strong();
    const asked = asking(resource, now);
    const unheard = (sinceWallMs: number) =>
      members.map((m) => ({ ...m, health: healthy({ verdict: 'Unknown', sinceWallMs }) }));
    expect(decided(asked, unheard(t0 - 100)).status.switchover).toBeUndefined();
    expect(decided(asked, members).commit?.status.fencing?.trigger).toBe('Switchover');
  });
});

describe('a primary whose node is about to go', () => {
  const leaves = 'its node zone-a-1 is cordoned';
  const leader = (resource: Resource): Member => ({
    ...led(resource, 0, leading()),
    leavesNode: leaves,
  });

  it('hands over to a member that may stay, before its pod is evicted', () => {
    const { resource, members } = strong();
    const [, b, c] = members as [Member, Member, Member];
    const plan = planFailover(resource, makeObserved([leader(resource), b, c]), t0);
    expect(plan).toMatchObject({
      kind: 'Fence',
      why: `web-0 hands over before it must go: ${leaves}`,
      fencing: { trigger: 'Switchover' },
    });
    const all = [leader(resource), { ...b, leavesNode: leaves }, { ...c, leavesNode: leaves }];
    expect(planFailover(resource, makeObserved(all), t0)).toEqual({ kind: 'None' });
  });

  it.each([
    ['paused', { paused: true }],
    ['failover.automatic: false', { failover: { consistency: 'Strong', automatic: false } }],
  ])('stays the primary with %s', (_title, spec) => {
    const { resource, members } = strong(spec);
    const [, b, c] = members as [Member, Member, Member];
    const plan = planFailover(resource, makeObserved([leader(resource), b, c]), t0);
    expect(plan).toEqual({ kind: 'None' });
  });

  it('prefers a successor that need not leave its node, among equals', () => {
    const { resource } = running();
    const [a, b, c] = running().members as [Member, Member, Member];
    const seen = [{ ...a, health: dead('Refused') }, { ...b, leavesNode: leaves }, c];
    expect(planFailover(resource, makeObserved(seen), t0)).toMatchObject({
      winner: { name: 'web-2' },
    });
  });
});

describe('a planned change, once its epoch has begun', () => {
  const fencing = {
    ...{ epoch: 2, from: 'web-0', trigger: 'Switchover' as const, wanted: 'web-2' },
    startedAt: now,
  };
  const { resource } = strong({}, { epoch: 2, fencing });
  const stopped = (ordinal: number, offset = 100) =>
    led(resource, ordinal, {
      ...{ state: 'Detached', epoch: 2, position: { term: 1, offset } },
      ...(ordinal === 0 ? { ledEpoch: 1 } : {}),
    });
  const fences = (
    members: Member[],
    roleCommands: Observed['roleCommands'] = [],
    nowMs: number = t0,
  ) =>
    decide(resource, makeObserved(members, { roleCommands }), nowMs).actions.flatMap((action) =>
      action.type === 'GiveRoleCommand' && action.command.action === 'fence'
        ? [action.command.member.name]
        : [],
    );
  const next = (members: Member[], roleCommands: Observed['roleCommands'] = [], nowMs = t0) =>
    planFailover(resource, makeObserved(members, { roleCommands }), nowMs);
  /** An order to fence itself that was given at `t0`. */
  const told = (
    ordinal: number,
    state: 'Running' | 'Done' | 'Failed',
    failures = 0,
  ): Observed['roleCommands'][number] => ({
    ...{ action: 'fence', uid: `uid-web-${ordinal}`, epoch: 2, generation: 0, state },
    ...{ failures, message: '', calledAtMs: t0, retryAtMs: t0 + 60_000 },
  });
  const follower = (ordinal: number) => led(resource, ordinal, {});

  it('the primary is told first, so that it sends the others the rest of its log', () => {
    expect(fences([led(resource, 0, leading()), follower(1), follower(2)])).toEqual(['web-0']);
    const rest = [stopped(0), follower(1), follower(2)];
    expect(fences(rest)).toEqual(['web-1', 'web-2']);
    expect(next(rest)).toMatchObject({ kind: 'Wait' });
  });

  it('the others are told at once if the primary cannot be', () => {
    const dying = { ...led(resource, 0, leading()), health: dead('Silent') };
    expect(fences([dying, follower(1), follower(2)])).toEqual(['web-1', 'web-2']);
    const members = [led(resource, 0, leading()), follower(1), follower(2)];
    expect(fences(members, [told(0, 'Failed', 1)])).toEqual(['web-1', 'web-2']);
  });

  it('the member that is wanted is waited for as long as it is well', () => {
    expect(next([stopped(0), stopped(1), follower(2)])).toMatchObject({ kind: 'Wait' });
    expect(next([stopped(0), stopped(1), stopped(2)])).toMatchObject({
      winner: { name: 'web-2' },
    });
    const lost = { ...follower(2), health: dead('Silent') };
    expect(next([stopped(0), stopped(1), lost])).toMatchObject({ winner: { name: 'web-1' } });
  });

  it('says that no member is told anything while the service is paused', () => {
    const paused = { ...resource, spec: { ...resource.spec, paused: true } };
    for (const first of [led(resource, 0, leading()), stopped(0)]) {
      const plan = planFailover(paused, makeObserved([first, follower(1), follower(2)]), t0);
      expect(plan).toMatchObject({ kind: 'Blocked', reason: 'Paused' });
    }
  });

  it('an answer that the reports contradict is waited for no longer, of the primary or of another', () => {
    const members = [led(resource, 0, leading()), follower(1), follower(2)];
    expect(fences(members, [told(0, 'Done')], t0 + showMs - 1)).toEqual([]);
    const due = fences(members, [told(0, 'Done')], t0 + showMs);
    expect(due).toEqual(['web-0', 'web-1', 'web-2']);
    const rest = [stopped(0), stopped(1), follower(2)];
    expect(next(rest, [told(2, 'Done')], t0 + showMs - 1)).toMatchObject({ kind: 'Wait' });
    expect(next(rest, [told(2, 'Done')], t0 + showMs)).toMatchObject({ winner: { name: 'web-1' } });
  });

  it('the old primary leads again if all others hang, whichever of them is asked again at the moment', () => {
    const members = [stopped(0), follower(1), follower(2)];
    const first = [told(1, 'Running'), told(2, 'Running')];
    expect(next(members, first)).toMatchObject({ kind: 'Wait' });
    const again = [told(1, 'Running', 1), told(2, 'Failed', 1)];
    expect(next(members, again)).toMatchObject({ winner: { name: 'web-0' } });
  });
});
