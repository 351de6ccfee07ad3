import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { desiredPod, whyOutdated } from '../resources/pod.ts';
import { makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { withRestart } from './restart.ts';

const at = (ms: number) => new Date(t0 + ms).toISOString();
const now = at(0);

/** A healthy service whose pods are two minutes old, and what a user asks of it. */
function asked(restart: string | undefined, status: object = {}) {
  const { resource, members } = running();
  const requests = restart === undefined ? {} : { requests: { restart } };
  return {
    members,
    resource: { ...resource, ...requests, status: { ...resource.status, ...status } },
  };
}

describe('a restart by annotation', () => {
  it('is told by an Event, stands in the status, and replaces the members one by one, the primary last', () => {
    const { resource, members } = asked(now);
    const first = decide(resource, makeObserved(members), t0);
    expect(first.status.restart).toEqual({ lastRequest: now });
    expect(first.events).toMatchObject([{ type: 'Normal', reason: 'RestartRequested' }]);
    const progressing = first.status.conditions?.find(({ type }) => type === 'Progressing');
    expect(progressing?.message).toContain('3 of 3 members are still to be restarted');
    const next = decide({ ...resource, status: first.status }, makeObserved(members), t0 + 100);
    const removed = next.actions.flatMap((action) =>
      action.type === 'DeletePod' ? [action.removal] : [],
    );
    expect(removed).toMatchObject([
      {
        member: { name: 'web-2' },
        reason: 'Outdated',
        note: `a restart was asked for at ${now}`,
      },
    ]);
    expect(next.events).toEqual([]);
  });

  it('is what the failover says of itself when only the primary is left', () => {
    const { resource, members } = asked(now, { restart: { lastRequest: now } });
    const rest = members.map((m) => (m.ordinal === 0 ? m : { ...m, createdAtMs: t0 + 1 }));
    const { status } = decide(resource, makeObserved(rest), t0 + 60_000);
    expect(status.failovers?.[0]).toMatchObject({
      trigger: 'Switchover',
      evidence: `the primary web-0 is replaced after all other members: a restart was asked for at ${now}`,
    });
  });

  it('also goes on if the annotation is removed', () => {
    const { resource, members } = asked(undefined, { restart: { lastRequest: now } });
    const { status, actions } = decide(resource, makeObserved(members), t0);
    expect(status.restart).toEqual({ lastRequest: now });
    expect(actions.map(({ type }) => type)).toContain('DeletePod');
  });

  it('that was refused is told until the annotation is removed', () => {
    const refusal = { refusedRequest: 'yesterday', message: 'no time stamp' };
    const handled = { restart: { lastRequest: now, ...refusal } };
    expect(withRestart(asked('yesterday', handled).resource, t0).status).toMatchObject(handled);
    const { status } = withRestart(asked(undefined, handled).resource, t0);
    expect(status.restart).toEqual({ lastRequest: now });
    const only = withRestart(asked(undefined, { restart: refusal }).resource, t0);
    expect(only.status).not.toHaveProperty('restart');
  });

  it('leaves members alone that were made since, by any clock', () => {
    const { resource } = asked(now, { restart: { lastRequest: now } });
    const made = (more: object) => whyOutdated(resource, makeMember(resource, 0, more));
    expect(made({ createdAtMs: t0 - 1 })).toContain(now);
    expect(made({ createdAtMs: t0 })).toBeUndefined();
    // The clock of the API server is a minute behind that of the user.
    expect(made({ createdAtMs: t0 - 60_000, restartedFor: now })).toBeUndefined();
    expect(made({ createdAtMs: t0 - 60_000, restartedFor: at(-90_000) })).toContain(now);
    const pod = desiredPod(resource, 0, 'standby');
    expect(pod.metadata.annotations?.['haservice.dev/restart']).toBe(now);
  });

  it.each([
    [
      'is no time stamp',
      'now',
      /"now": this is no time stamp; nothing is restarted; annotate with/,
    ],
    ['is in the future', at(3_600_000), /in the future/],
    ['is from an old file', at(-600_000), /not later than the last request/],
    ['is older than the last one', at(-60_000), /not later than the last request/],
  ])('is refused once, with an Event, if it %s', (_, value, words) => {
    const before = { lastRequest: at(-30_000) };
    const { resource, members } = asked(value, { restart: before });
    const made = members.map((member) => ({ ...member, createdAtMs: t0 - 1_000 }));
    const { status, events, actions } = decide(resource, makeObserved(made), t0);
    expect(status.restart).toMatchObject({ ...before, refusedRequest: value });
    expect(status.restart?.message).toMatch(words);
    expect(events).toMatchObject([{ type: 'Warning', reason: 'RestartRefused' }]);
    expect(events[0]?.note).toMatch(words);
    expect(actions.map(({ type }) => type)).not.toContain('DeletePod');
    const again = decide({ ...resource, status }, makeObserved(made), t0 + 1_000);
    expect(again.events).toEqual([]);
    expect(again.status.restart).toEqual(status.restart);
    // The next good one is taken.
    const good = { ...resource, status, requests: { restart: now } };
    expect(withRestart(good, t0).status.restart).toEqual({ lastRequest: now });
  });
});
