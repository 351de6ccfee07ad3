import { describe, expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Member } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { planReplicas } from './replicas.ts';

const removed = (plan: ReturnType<typeof planReplicas>) =>
  plan.remove.map(({ member, reason }) => `${member.name} ${reason}`);

describe('a member that is to move to another zone', () => {
  const { resource, members } = running();
  const crowded = members.map((m) => (m.ordinal === 2 ? { ...m, zone: 'b' } : m));
  const lastRebalanceTime = new Date(t0).toISOString();
  const moving = { ...resource, status: { ...resource.status, lastRebalanceTime } };
  const newcomer = (more: Partial<Member>) => {
    const {
      zone: _zone,
      node: _node,
      ...member
    } = makeMember(resource, 3, {
      ...{ pinnedTo: 'c', createdAtMs: t0, phase: 'Pending', ready: false },
      ...{ health: healthy({ verdict: 'Unknown' }), ...more },
    });
    return member;
  };
  const after = (ms: number, more: Partial<Member>) =>
    planReplicas(moving, makeObserved([...crowded, newcomer(more)]), t0 + ms);

  /** What is removed once the status has the refusal of `plan`, which removes nothing: the pass that deletes a pod writes no status. */
  const thenRemoved = (plan: ReturnType<typeof after>, ms: number, more: Partial<Member>) => {
    expect(removed(plan)).toEqual([]);
    const status = { ...moving.status, refusedMoves: [plan.refusedMove!] };
    const observed = makeObserved([...crowded, newcomer(more)]);
    return removed(planReplicas({ ...moving, status }, observed, t0 + ms));
  };

  it('is given up at once if the scheduler finds no node, and is tried again only when something has changed', () => {
    const refusal = { unschedulable: "3 node(s) didn't match node affinity" };
    const plan = after(2_000, refusal);
    expect(thenRemoved(plan, 2_000, refusal)).toEqual(['web-3 Unplaceable']);
    expect(plan.refusedMove).toMatchObject({ zone: 'c', nodes: 1 });

    const refusedMoves = [plan.refusedMove!];
    const refused = { ...resource, status: { ...resource.status, refusedMoves } };
    const starts = (of: typeof refused, ms: number, nodes = 1) => {
      const zones = ['a', 'b', 'c'].map((name) => ({ name, nodes }));
      return planReplicas(of, makeObserved(crowded, { zones }), t0 + ms).moveStarted;
    };
    expect(starts(refused, 60_000)).toBe(false);
    expect(starts(refused, 60_000, 2)).toBe(true);
    expect(starts({ ...refused, generation: resource.generation + 1 }, 60_000)).toBe(true);
    expect(starts(refused, 3_700_000)).toBe(true);
  });

  const following = (more: Partial<MemberReport>) => ({
    ...{ phase: 'Running', ready: true },
    health: healthy({ report: { state: 'Following', epoch: 1, ledEpoch: 0, ...more } }),
  });

  it('is waited for if it is slow but alive, until it holds a copy that survives its restart', () => {
    expect(removed(after(599_999, {}))).toEqual([]);
    expect(removed(after(3_600_000, following({ state: 'Cloning' })))).toEqual([]);
    expect(removed(after(3_600_000, following({ durable: false })))).toEqual([]);
    expect(removed(after(3_600_000, following({ linked: true })))).toEqual(['web-2 Rebalance']);
  });

  it.each<[what: string, more: Partial<Member>, ms: number]>([
    [
      'its image cannot be pulled',
      { waiting: { container: 'main', reason: 'X', message: '' } },
      120_000,
    ],
    ['it was never heard', {}, 600_000],
    ['it is dead', { health: dead('Refused') }, 120_000],
  ])('is given up if %s, and not tried again at once', (_what, more, ms) => {
    const plan = after(ms, more);
    expect(thenRemoved(plan, ms, more)).toEqual(['web-3 Unplaceable']);
    expect(plan.refusedMove).toMatchObject({ zone: 'c' });
  });

  it('is a member like any other once it leads, and nothing goes while the primary is not healthy', () => {
    const dead0 = { health: dead('Refused') };
    const led3 = { ...moving, status: { ...moving.status, primaryUID: 'uid-web-3' } };
    const scaled = { ...led3, spec: { ...led3.spec, replicas: 3 } };
    const all = [...crowded, newcomer({ ...dead0, phase: 'Running' })];
    expect(removed(planReplicas(scaled, makeObserved(all), t0 + 600_000))).toEqual([]);
    const lost = crowded.map((m) => (m.ordinal === 0 ? { ...m, ...dead0 } : m));
    const both = makeObserved([...lost, newcomer({ ...dead0, phase: 'Running' })]);
    expect(removed(planReplicas(moving, both, t0 + 600_000))).toEqual([]);
  });

  it('is not created again and again if the kubelet does not run its pod', () => {
    const plan = after(1_000, { phase: 'Failed' });
    expect(plan.create).toEqual([]);
    expect(thenRemoved(plan, 1_000, { phase: 'Failed' })).toEqual(['web-3 Unplaceable']);
    expect(plan.refusedMove).toMatchObject({ zone: 'c' });
  });

  it('does not hold up a rollout', () => {
    const old = crowded.map((m) => ({ ...m, templateHash: 'old' }));
    const observed = makeObserved([...old, newcomer({})]);
    const { refusedMove } = planReplicas(moving, observed, t0 + 120_000);
    const refused = { ...moving, status: { ...moving.status, refusedMoves: [refusedMove!] } };
    expect(removed(planReplicas(refused, observed, t0 + 120_000))).toEqual(['web-3 Unplaceable']);
  });

  it('is not tried again if its pod could not be created', () => {
    const failures = [{ what: 'create Pod web-3', reason: 'Forbidden', message: 'quota' }];
    const plan = planReplicas(moving, makeObserved(crowded, { failures }), t0 + 120_000);
    expect(plan).toMatchObject({ moveStarted: false, refusedMove: { message: 'quota' } });
  });

  it('is refused once, even if the deletion of its pod is refused', () => {
    const unschedulable = 'no node';
    const { refusedMove } = after(2_000, { unschedulable });
    const status = { ...moving.status, refusedMoves: [refusedMove!] };
    const observed = makeObserved([...crowded, newcomer({ unschedulable })]);
    const again = planReplicas({ ...moving, status }, observed, t0 + 3_000);
    expect(removed(again)).toEqual(['web-3 Unplaceable']);
    expect(again.refusedMove).toBeUndefined();
  });
});
