import { expect, it } from 'vitest';
import { brokenness } from './broken.ts';
import type { Health, Member } from '../model/observed.ts';
import { planReplicas } from './replicas.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';

const unheard = (more: Partial<Health> = {}) =>
  healthy({ verdict: 'Unknown', sinceWallMs: t0, ...more });
const heard = (since: number) =>
  healthy({ sinceWallMs: since, healthyOrSuspectSinceWallMs: since });

/** web-2 as given, the others as given or heard for long. */
function judge(change: Partial<Member>, ms: number, others: Health = heard(t0 - 60_000)) {
  const { resource, members } = running();
  const seen = members.map((m) =>
    m.ordinal === 2 ? { ...m, ...change } : { ...m, health: others },
  );
  return brokenness(resource, makeObserved(seen), seen[2]!, t0 + ms);
}

it('a member that has not answered yet is not broken; its silence counts after the timeout in which others answered', () => {
  const silent = { health: unheard({ cause: 'Silent' }) };
  expect(judge({ health: unheard() }, 0)).toEqual({ isBroken: false, untilMs: t0 + 2_000 });
  expect(judge(silent, 1_999)).toMatchObject({ isBroken: false });
  expect(judge(silent, 2_000)).toEqual({ isBroken: true });
  // The others have been heard only just now.
  expect(judge(silent, 2_000, heard(t0 + 1_000))).toEqual({
    isBroken: false,
    untilMs: t0 + 3_000,
  });
  // Nobody is heard at all: that may be us.
  expect(judge(silent, 29_999, unheard())).toMatchObject({ isBroken: false });
  expect(judge(silent, 30_000, unheard())).toEqual({ isBroken: true });
});

it('evidence is a refused port, a wrong answer, silence that others did not share, or a pod that cannot start', () => {
  const { health: _none, ...pending } = { phase: 'Pending', health: undefined };
  expect(judge({ health: dead('Refused') }, 0)).toEqual({ isBroken: true });
  expect(judge({ health: dead('Silent') }, 0)).toEqual({ isBroken: true });
  expect(judge({ health: dead('Silent') }, 0, heard(t0 + 1))).toMatchObject({ isBroken: false });
  expect(judge({ health: healthy({ verdict: 'Unhealthy' }) }, 0)).toEqual({ isBroken: true });
  expect(judge({ ...pending, health: unheard() }, 0)).toEqual({ isBroken: true });
  expect(judge({ health: unheard({ cause: 'Refused' }) }, 1_999)).toMatchObject({
    isBroken: false,
  });
  expect(judge({ health: unheard({ cause: 'Refused' }) }, 2_000)).toEqual({ isBroken: true });
  expect(judge({ health: healthy({ verdict: 'Suspect' }) }, 60_000)).toEqual({ isBroken: false });
});

it('an operator that was restarted during an update or a scale-down deletes no member before it had time to answer', () => {
  const removed = (
    spec: object,
    hash: string | undefined,
    ms: number,
    more: Partial<Member> = {},
  ) => {
    const { resource, members } = running(spec);
    const seen = members.map((m) => ({
      ...m,
      ...more,
      ...(hash === undefined ? {} : { templateHash: hash }),
      health: m.ordinal === 0 ? heard(t0) : unheard(),
    }));
    const { remove, requeueAtMs } = planReplicas(resource, makeObserved(seen), t0 + ms);
    return [remove.map(({ member }) => member.name), (requeueAtMs ?? 0) > t0 + ms];
  };
  expect(removed({}, 'old', 100)).toEqual([[], true]);
  expect(removed({}, 'old', 2_000)).toEqual([['web-2'], false]);
  // Another container of the pod ends again and again.
  const waiting = { container: 'log', reason: 'CrashLoopBackOff', message: '' };
  expect(removed({}, 'old', 100, { waiting })).toEqual([[], true]);
  expect(removed({ replicas: 2 }, undefined, 100, { waiting })).toEqual([[], true]);
  expect(removed({ replicas: 2 }, undefined, 100)).toEqual([[], true]);
  expect(removed({ replicas: 2 }, undefined, 2_000)).toEqual([['web-2'], false]);
});

it('a corrected template reaches the only member, which is broken', () => {
  const { resource, members } = running({ replicas: 1 });
  const only = { ...members[0]!, templateHash: 'old', health: dead('Refused') };
  const { remove } = planReplicas(resource, makeObserved([only]), t0);
  expect(remove).toMatchObject([{ member: { name: 'web-0' }, reason: 'Outdated' }]);
});

it('a silent follower is not replaced while a fence waits for what it may hold in memory', () => {
  const fencing = {
    ...{ epoch: 2, from: 'web-0', trigger: 'Crash' as const },
    startedAt: new Date(t0).toISOString(),
  };
  const { resource, members } = running();
  const fenced = { ...resource, status: { ...resource.status, fencing } };
  const seen = members.map((m) =>
    m.ordinal === 2 ? { ...m, templateHash: 'old', health: dead('Silent') } : m,
  );
  expect(planReplicas(fenced, makeObserved(seen), t0).remove).toEqual([]);
  expect(planReplicas(resource, makeObserved(seen), t0).remove).toHaveLength(1);
});

it('a member whose agent is not seen is never asked: an update does not wait for it', () => {
  const { health: _none, ...unasked } = running().members[2]!;
  expect(judge({ ...unasked, health: undefined, isAgentUnseen: true } as never, 0)).toEqual({
    isBroken: true,
  });
});
