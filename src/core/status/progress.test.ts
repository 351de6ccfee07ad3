import { describe, expect, it } from 'vitest';
import type { Status } from '../../api/status.ts';
import { conditionOf } from './events.ts';
import { decide } from '../decide.ts';
import type { Member, Observed } from '../model/observed.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { led, report, strong } from '../testing/led.ts';

it('does not say that a pod is replaced while no pod can be made', () => {
  const { resource, members } = running({ engine: { type: 'HTTP' } });
  const outdated = members.map((member) => ({ ...member, templateHash: 'old' }));
  const progress = (consistency: 'Eventual' | 'Strong') => {
    const failover = { ...resource.spec.failover, consistency };
    const changed = { ...resource, spec: { ...resource.spec, failover }, agentImage: 'agent:1' };
    const { status } = decide(changed, makeObserved(outdated), t0);
    return conditionOf(status, 'Progressing')?.message;
  };
  expect(progress('Eventual')).toMatch(/^deleting web-2: /);
  // The template has no command, which the agent needs.
  expect(progress('Strong')).toMatch(/^3 of 3 members still run by the former spec/);
});

describe('a planned change is under way until the last of its members is in its role', () => {
  const template = { spec: { containers: [{ name: 'db', image: 'db', command: ['postgres'] }] } };
  const { resource, members } = strong({ template });
  resource.agentImage = 'agent:1';
  const [leader, follower, last] = members as [Member, Member, Member];
  const told = (status: Status, seen: Member[], afterMs = 0, more: Partial<Observed> = {}) => {
    const observed = makeObserved(seen, { writeEndpoints: ['uid-web-0'], ...more });
    const next = decide({ ...resource, status }, observed, t0 + afterMs).status;
    const { status: is, message } = conditionOf(next, 'Progressing') ?? {};
    return { next, said: [next.phase, is, message] };
  };
  const before = told(resource.status, members).next;
  const leaving = { ...last, templateHash: 'old', deletionAtMs: t0 + 30_000 };
  const away = told(before, [leader, follower, leaving], 1_000).next;
  const back = (health: Member['health']): Member[] => [
    leader,
    follower,
    { ...last, uid: 'uid-new', createdAtMs: t0 + 2_000, health: health! },
  ];

  it.each([
    [
      'it has been asked, and is not in its role',
      healthy({ report: report({ state: 'Detached' }) }),
    ],
    ['it has no link yet', healthy({ report: report({ linked: false }) })],
    ['nothing listens at it any more', dead('Refused')],
    ['it has not been heard for long', healthy({ verdict: 'Unknown', sinceWallMs: t0 - 30_000 })],
  ])('%s', (_, health) => {
    const { said } = told(away, back(health), 5_000);
    expect(said[1]).toBe('True');
    expect(said[2]).toContain('web-2 ');
  });

  it('there is no pod of it at all, and none can be made now', () => {
    expect(told(away, [leader, follower], 5_000).said[1]).toBe('True');
  });

  it('the phase is Progressing with the condition, and Healthy without it', () => {
    const detached = healthy({ report: report({ state: 'Detached' }) });
    expect(told(away, back(detached), 5_000).said).toEqual([
      'Progressing',
      'True',
      'web-2 answers, but neither leads nor follows (Detached)',
    ]);
    expect(told(away, members, 6_000).said).toEqual(['Healthy', 'False', 'nothing to do']);
    const surplus = [...members, led(resource, 3, {})];
    expect(told(before, surplus).said.slice(0, 2)).toEqual(['Progressing', 'True']);
  });

  it('the primary is being fenced, and no member of an update is left', () => {
    const startedAt = new Date(t0).toISOString();
    const fencing = { epoch: 2, from: 'web-0', trigger: 'Switchover' as const, startedAt };
    const order = { action: 'fence' as const, uid: 'uid-web-1', generation: 0, epoch: 2 };
    const times = { calledAtMs: t0, retryAtMs: 0, failures: 0, message: '' };
    const roleCommands = [{ ...order, ...times, state: 'Running' as const }];
    const { said } = told({ ...before, epoch: 2, fencing }, members, 0, { roleCommands });
    expect(said.slice(1)).toEqual(['True', 'the primary of epoch 2 is being elected']);
  });
});
