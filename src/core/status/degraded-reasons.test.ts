import { describe, expect, it } from 'vitest';
import type { Health, Member, Observed } from '../model/observed.ts';
import { degradedReasonsOf, nextDegradedAtMs } from './degraded-reasons.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';

const problems = (
  change: (member: Member) => Partial<Member>,
  more: Partial<Observed> = {},
  spec: object = {},
) => {
  const { resource, members } = running(spec);
  const changed = members.map((m) => (m.ordinal === 1 ? { ...m, ...change(m) } : m));
  return degradedReasonsOf(resource, makeObserved(changed, more), t0);
};
const none = () => ({});

describe('findProblems', () => {
  it('finds nothing where all is well', () => {
    expect(problems(none)).toEqual([]);
  });

  it.each<[string, Partial<Member>, RegExp]>([
    [
      'ImagePullFailed',
      { waiting: { container: 'web', reason: 'ImagePullBackOff', message: 'no such image' } },
      /container web of web-1: ImagePullBackOff: no such image; correct the image/,
    ],
    [
      'ContainerNotStarting',
      { waiting: { container: 'web', reason: 'CrashLoopBackOff', message: 'back-off' } },
      /see `kubectl logs -p web-1 -c web -n shop`/,
    ],
    ['Unschedulable', { unschedulable: '0/3 nodes' }, /web-1 finds no node: 0\/3 nodes; add nodes/],
    ['MemberDead', { health: dead('Refused') }, /web-1 nothing listens any more/],
    [
      'MemberUnhealthy',
      { health: healthy({ verdict: 'Unhealthy', message: 'answers, but wrongly (HTTP 503)' }) },
      /HTTP 503/,
    ],
  ])('names %s, and what to do', (reason, change, message) => {
    expect(problems(() => change)).toEqual([
      { reason, message: expect.stringMatching(message) as string },
    ]);
  });

  it('gives a new member ten seconds before its port is called wrong', () => {
    const unheard = (sinceWallMs: number): { health: Health } => ({
      health: healthy({ verdict: 'Unknown', cause: 'Refused', message: 'refuses', sinceWallMs }),
    });
    expect(problems(() => unheard(t0 - 9_999))).toEqual([]);
    expect(problems(() => unheard(t0 - 10_000))).toEqual([
      {
        reason: 'NotHeard',
        message: expect.stringContaining('on port 80: refuses; check spec.engine.port') as string,
      },
    ]);
    const { resource, members } = running();
    const young = members.map((member) => ({ ...member, ...unheard(t0 - 4_000) }));
    expect(nextDegradedAtMs(resource, makeObserved(young), t0)).toBe(t0 + 6_000);
  });

  it('tells of names that others have, but not of what an older resource has only just left', () => {
    const web = { uid: 'x', ours: false, owner: 'HAService web', leftOver: true };
    const stranger = { name: 'web-7', owner: 'HAService web', leftOver: true };
    const more = {
      services: { web },
      strangers: [stranger],
      failures: [{ what: 'write x', reason: 'LeftOver', message: '' }],
    };
    const { resource, members } = running();
    const young = { ...resource, createdAtMs: t0 - 29_999 };
    const observed = makeObserved(members, more);
    expect(degradedReasonsOf(young, observed, t0)).toEqual([]);
    expect(nextDegradedAtMs(young, observed, t0)).toBe(t0 + 1);
    const reasons = degradedReasonsOf(young, observed, t0 + 1).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['ServiceNameConflict', 'ForeignPod']));
    const leaving = { ...stranger, leftOver: false, deletionAtMs: t0 + 1 };
    expect(problems(none, { strangers: [leaving] })).toEqual([]);
  });

  it.each([
    ['Invalid', 'TemplateRefused', 'correct spec.template'],
    ['BadRequest', 'TemplateRefused', 'correct spec.template'],
    ['Forbidden', 'WriteRefused', 'quota, pod security, RBAC'],
    ['NamespaceTerminating', 'NamespaceTerminating', 'the namespace is being deleted'],
    ['NameTaken', 'NameTaken', 'no pods here'],
    ['InternalError', 'WriteFailed', 'trying again: no pods here'],
  ])('passes on what the API server refused: %s as %s', (refused, reason, advice) => {
    const failure = { what: 'create Pod web-1', reason: refused, message: 'no pods here' };
    expect(problems(none, { failures: [failure] })).toEqual([
      { reason, message: expect.stringContaining(advice) as string },
    ]);
  });

  it('cuts what others say', () => {
    const [problem] = problems(() => ({ unschedulable: 'x'.repeat(5_000) }));
    expect(problem?.message.length).toBeLessThan(600);
  });

  it('tells of too few zones, and of members that span too few', () => {
    const spec = { placement: { zones: { minZones: 3 } } };
    const two = { zones: ['a', 'b'].map((name) => ({ name, nodes: 1 })) };
    expect(problems(none, two, spec)).toEqual([
      { reason: 'TooFewZones', message: expect.stringContaining('span 2') as string },
    ]);
    expect(problems(() => ({ zone: 'a' }), {}, spec)).toEqual([
      { reason: 'TooFewZones', message: expect.stringContaining('the members span 2') as string },
    ]);
  });

  it('tells of a targetPort that no container has', () => {
    const spec = { ports: [{ port: 80, targetPort: 'http' }], engine: { type: 'HTTP', port: 80 } };
    expect(problems(none, {}, spec)).toEqual([
      { reason: 'PortNotFound', message: expect.stringContaining('targetPort http') as string },
    ]);
  });

  it('tells of a hook that fails, only to whom it still applies', () => {
    const failed = {
      action: 'promote' as const,
      uid: 'uid-web-0',
      generation: 0,
      epoch: 1,
      state: 'Running' as const,
      failures: 1,
      message: 'answered 500',
      calledAtMs: t0,
      retryAtMs: t0,
    };
    expect(problems(none, { hooks: [failed] })).toMatchObject([{ reason: 'PromoteFailed' }]);
    expect(problems(none, { hooks: [{ ...failed, epoch: 0 }] })).toEqual([]);
    expect(problems(none, { hooks: [{ ...failed, uid: 'uid-web-1' }] })).toEqual([]);
    expect(problems(none, { hooks: [{ ...failed, generation: 3 }] })).toEqual([]);
    const demote = { ...failed, action: 'demote' as const };
    expect(problems(none, { hooks: [demote] })).toEqual([]);
    expect(problems(none, { hooks: [{ ...demote, uid: 'uid-web-1' }] })).toMatchObject([
      { reason: 'DemoteFailed' },
    ]);
  });
});
