import { describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { decide } from '../decide.ts';
import type { KnownFault } from '../model/fault.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { conditionOf } from './events.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';

/** One process of the operator: each pass sees what the last one has written and told. */
class Process {
  #known: readonly KnownFault[] | undefined;
  status: Status;
  readonly #resource: Resource;

  constructor(resource: Resource, status = resource.status) {
    this.#resource = resource;
    this.status = status;
  }

  /** @returns the reasons of the Events about faults, and when to look again. */
  pass(members: Member[], afterMs: number, more: Partial<Observed> = {}) {
    const resource = { ...this.#resource, status: this.status };
    const known = this.#known === undefined ? {} : { knownFaults: this.#known };
    const nowMs = t0 + afterMs;
    const observed = makeObserved(members, { ...more, ...known });
    const { status, events, faults, requeueAtMs = Infinity } = decide(resource, observed, nowMs);
    this.status = status;
    this.#known = faults;
    return {
      told: events
        .filter(({ action }) => action === 'Reconcile' || action === 'Failover')
        .map(({ reason, note }) => `${reason}: ${note}`),
      againMs: requeueAtMs - t0,
    };
  }
}

const { resource, members } = running();
const lose = (ordinal: number) =>
  members.map((m) => (m.ordinal === ordinal ? { ...m, health: dead('Refused') } : m));
const waiting = (reason: string, message: string) =>
  members.map(({ health: _, ...m }) => ({
    ...m,
    phase: 'Pending',
    waiting: { container: 'web', reason, message },
  }));

describe('Events about faults', () => {
  it('what heals within seconds is told in the condition alone', () => {
    const operator = new Process(resource);
    expect(operator.pass(lose(1), 0).told).toEqual([]);
    expect(operator.status.conditions?.find(({ type }) => type === 'Degraded')?.status).toBe(
      'True',
    );
    expect(operator.pass(lose(1), 9_000).told).toEqual([]);
    expect(operator.pass(members, 9_500).told).toEqual([]);
    expect(operator.pass(members, 60_000).told).toEqual([]);
  });

  it('what lasts is told once, at its time, and so is its end', () => {
    const operator = new Process(resource);
    expect(operator.pass(lose(1), 0).againMs).toBe(10_000);
    expect(operator.pass(lose(1), 10_000).told).toEqual([
      expect.stringMatching('^MemberDead: web-1'),
    ]);
    expect(operator.pass(lose(1), 11_000).told).toEqual([]);
    expect(operator.pass(members, 12_000).told).toEqual(['Recovered: 3 of 3 members are healthy']);
    expect(operator.pass(members, 13_000).told).toEqual([]);
  });

  it('what goes on is told once, also if nothing else happens for a long time', () => {
    const operator = new Process(resource);
    operator.pass(lose(1), 0);
    expect(operator.pass(lose(1), 10_000).told).toHaveLength(1);
    const hour = 3_600_000;
    expect(operator.pass(lose(1), hour).told).toEqual([]);
    expect(operator.pass(lose(1), hour + 10_000).told).toEqual([]);
  });

  it('members that only start have a minute for it', () => {
    const operator = new Process(resource);
    operator.pass(members.slice(0, 1), 0);
    expect(operator.pass(members.slice(0, 1), 59_000).told).toEqual([]);
    expect(operator.pass(members.slice(0, 1), 60_000).told).toEqual([
      'MembersMissing: 1 of 3 members are healthy',
    ]);
  });

  it('so has a member that runs and has not answered yet: under load a normal start takes longer', () => {
    const operator = new Process(resource, { ...resource.status, observedGeneration: 1 });
    const sinceWallMs = t0 - 10_000;
    const health = healthy({ verdict: 'Unknown', message: 'refuses', sinceWallMs });
    const unheard = members.map((m) => (m.ordinal === 1 ? { ...m, health } : m));
    operator.pass(unheard, 0);
    expect(conditionOf(operator.status, 'Degraded')?.reason).toBe('NotHeard');
    expect(operator.pass(unheard, 59_999).told).toEqual([]);
    expect(operator.pass(unheard, 60_000).told).toEqual([expect.stringMatching('^NotHeard')]);
  });

  it('a fault of another member is another one', () => {
    const operator = new Process(resource);
    operator.pass(lose(1), 0);
    operator.pass(lose(1), 10_000);
    operator.pass(lose(2), 11_000);
    expect(operator.pass(lose(2), 21_000).told).toEqual([
      expect.stringMatching('^MemberDead: web-2'),
    ]);
  });

  it('an image that cannot be pulled is told within seconds, once, whatever the words for it are', () => {
    const operator = new Process(resource);
    operator.pass(waiting('ErrImagePull', 'not found'), 0);
    const { told } = operator.pass(waiting('ErrImagePull', 'not found'), 2_000);
    expect(told).toEqual([expect.stringMatching('^ImagePullFailed: ')]);
    expect(operator.pass(waiting('ImagePullBackOff', 'Back-off'), 9_000).told).toEqual([]);
    expect(operator.pass(waiting('ErrImagePull', 'not found'), 40_000).told).toEqual([]);
  });

  it('a mistake in the template is told once for all pods', () => {
    const failures = ['web-1', 'web-2'].map((name) => ({
      ...{ what: `create Pod ${name}`, reason: 'Invalid', message: 'spec.containers: wrong' },
    }));
    const operator = new Process(resource);
    operator.pass(members, 0, { failures });
    expect(operator.pass(members, 2_000, { failures }).told).toHaveLength(1);
  });

  it('the next process of the operator tells what has come since', () => {
    const first = new Process(resource);
    first.pass(lose(1), 0);
    first.pass(lose(1), 10_000);
    const second = new Process(resource, first.status);
    const failures = [{ what: 'create Pod web-2', reason: 'Invalid', message: 'wrong' }];
    second.pass(lose(1), 600_000, { failures });
    expect(second.pass(lose(1), 610_000, { failures }).told).toEqual([
      expect.stringMatching('^TemplateRefused: '),
    ]);
    const third = new Process(resource, first.status);
    third.pass(lose(2), 600_000);
    expect(third.pass(lose(2), 610_000).told).toEqual([
      expect.stringMatching('^MemberDead: web-2'),
    ]);
  });

  it('the next process of the operator does not tell it again, and tells the end', () => {
    const first = new Process(resource);
    first.pass(lose(1), 0);
    first.pass(lose(1), 10_000);
    const second = new Process(resource, first.status);
    expect(second.pass(lose(1), 11_000).told).toEqual([]);
    expect(second.pass(members, 12_000).told).toEqual(['Recovered: 3 of 3 members are healthy']);
    const third = new Process(resource, new Process(resource).status);
    expect(third.pass(members, 0).told).toEqual([]);
  });
});
