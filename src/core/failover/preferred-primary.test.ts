import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { planFailover } from './failover.ts';
import type { Member, Resource } from '../model/observed.ts';
import { dead, makeMember, makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';

const minuteMs = 60_000;
const preferring = (preferredPrimary: object) => ({
  failover: { consistency: 'Strong', preferredPrimary },
});
const plan = (resource: Resource, members: Member[], nowMs = t0) =>
  planFailover(resource, makeObserved(members), nowMs);

describe('failover.preferredPrimary', () => {
  it.each([
    ['a number', { ordinals: [2] }],
    ['a zone', { zones: ['c'] }],
  ])('decides an election among members with the same data, by %s', (_title, field) => {
    const first = makeResource({ failover: { preferredPrimary: field } }, {});
    const members = [0, 1, 2].map((ordinal) => makeMember(first, ordinal));
    expect(plan(first, members)).toMatchObject({ winner: { name: 'web-2' } });
    const { resource, members: all } = running({ failover: { preferredPrimary: field } });
    const failed = [{ ...all[0]!, health: dead('Refused') }, ...all.slice(1)];
    expect(plan(resource, failed)).toMatchObject({ winner: { name: 'web-2' } });
  });

  it('gives no data up', () => {
    const fencing = {
      ...{ epoch: 2, from: 'web-0', trigger: 'Crash' as const },
      startedAt: new Date(t0).toISOString(),
    };
    const { resource, members } = strong(preferring({ ordinals: [2] }), { epoch: 2, fencing });
    const fenced = (offset: number) => ({
      ...{ state: 'Detached' as const, epoch: 2 },
      position: { term: 1, offset },
    });
    const [lost] = members;
    const seen = [
      { ...lost!, health: dead('Refused') },
      led(resource, 1, fenced(100)),
      led(resource, 2, fenced(99)),
    ];
    expect(plan(resource, seen)).toMatchObject({ kind: 'Elect', winner: { name: 'web-1' } });
  });

  it('never takes the role back by itself without failbackAfter', () => {
    const { resource, members } = strong(preferring({ ordinals: [2] }));
    expect(plan(resource, members, t0 + 1e9)).toEqual({ kind: 'None' });
  });

  describe('with failbackAfter', () => {
    const back = (more: object = {}) =>
      strong(
        {
          failover: {
            ...{ consistency: 'Strong', ...more },
            preferredPrimary: { ordinals: [2], failbackAfter: '10m' },
          },
        },
        { lastFailoverTime: new Date(t0).toISOString() },
      );

    it('takes the role back by a planned change after that time, and asks to be called then', () => {
      const { resource, members } = back();
      const early = decide(resource, makeObserved(members), t0 + 10 * minuteMs - 1_000);
      expect(early.commit).toBeUndefined();
      expect(early.requeueAtMs).toBe(t0 + 10 * minuteMs);
      expect(plan(resource, members, t0 + 10 * minuteMs)).toMatchObject({
        kind: 'Fence',
        fencing: { trigger: 'Switchover', from: 'web-0' },
      });
    });

    it('does not wait for years for the time of a clock that was wrong', () => {
      const { resource, members } = back();
      const status = { ...resource.status, lastFailoverTime: '2036-01-01T00:00:00.000Z' };
      expect(plan({ ...resource, status }, members).kind).toBe('Fence');
    });

    it('waits for a preferred member that is well and need not leave its node', () => {
      const { resource, members } = back();
      const [a, b, c] = members as [Member, Member, Member];
      const late = t0 + 20 * minuteMs;
      const others = [
        { ...c, health: dead('Silent') },
        { ...c, leavesNode: 'its node is cordoned' },
        led(resource, 2, { state: 'Cloning' }),
      ];
      for (const other of others) expect(plan(resource, [a, b, other], late).kind).toBe('None');
    });

    it('does nothing while a preferred member leads, or failover.automatic is false', () => {
      const manual = back({ automatic: false });
      expect(plan(manual.resource, manual.members, t0 + 20 * minuteMs).kind).toBe('None');
      const { resource } = strong(preferring({ ordinals: [0, 2], failbackAfter: '10m' }));
      const members = [led(resource, 0, leading()), led(resource, 1, {}), led(resource, 2, {})];
      expect(plan(resource, members, t0 + 20 * minuteMs).kind).toBe('None');
    });
  });
});
