import { describe, expect, it } from 'vitest';
import type { Health, Member, Observed } from '../model/observed.ts';
import { degradedReasonsOf, nextDegradedAtMs } from './degraded-reasons.ts';
import { dead, healthy, makeObserved, running, t0 } from '../testing/fixtures.ts';

const degradedReasons = (
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
  it('finds nothing if all members are well', () => {
    expect(degradedReasons(none)).toEqual([]);
  });

  it.each<[string, Partial<Member>, RegExp]>([
    [
      'ImagePullFailed',
      { waiting: { container: 'web', reason: 'ImagePullBackOff', message: 'no such image' } },
      /container web of web-1: ImagePullBackOff: no such image; correct the image/,
    ],
    [
      'OOMKilled',
      {
        waiting: {
          ...{ container: 'web', reason: 'CrashLoopBackOff', message: 'back-off' },
          end: { container: 'web', reason: 'OOMKilled', exitCode: 137, finishedAtMs: t0, count: 1 },
        },
      },
      /OOMKilled .*exit code 137; see `kubectl logs -p web-1 -c web -n shop`/,
    ],
    [
      'ContainerNotStarting',
      { waiting: { container: 'web', reason: 'RunContainerError', message: 'no such file' } },
      /no such file; see `kubectl describe pod web-1 -n shop`$/,
    ],
    [
      'ContainerConfigError',
      {
        waiting: {
          ...{ container: 'web', reason: 'CreateContainerConfigError' },
          message: 'secret "redis" not found',
        },
      },
      /`kubectl create secret generic redis -n shop --from-literal=KEY=VALUE`$/,
    ],
    [
      'ContainerConfigError',
      {
        waiting: {
          ...{ container: 'web', reason: 'CreateContainerConfigError' },
          message: "couldn't find key password in Secret shop/redis",
        },
      },
      /add the key password to Secret redis, .*--from-literal=password=\$\(openssl rand -hex 16\)`$/,
    ],
    [
      'PodNotSetUp',
      {
        ...{ health: healthy({ verdict: 'Unknown' }), notSetUpSinceMs: t0 - 20_000 },
        phase: 'Pending',
      },
      /^the kubelet has not set up the volumes .* web-1 .*`kubectl describe pod web-1 -n shop`$/,
    ],
    [
      'MemberDead',
      {
        health: dead('Refused'),
        lastEnd: {
          container: 'web',
          reason: 'OOMKilled',
          exitCode: 137,
          finishedAtMs: t0,
          count: 1,
        },
      },
      /nothing listens any more; container web of web-1 ended at .*OOMKilled/,
    ],
    ['Unschedulable', { unschedulable: '0/3 nodes' }, /web-1 finds no node: 0\/3 nodes; add nodes/],
    ['AgentUnseen', { isAgentUnseen: true }, /webhook.*`kubectl delete pod -n shop web-1`/],
    ['ContractBroken', { contract: { ports: [] } }, /web-1 names no port.* probed on port 80,/],
    ['MemberDead', { health: dead('Refused') }, /web-1 nothing listens any more/],
    [
      'MemberUnhealthy',
      { health: healthy({ verdict: 'Unhealthy', message: 'answers, but wrongly (HTTP 503)' }) },
      /HTTP 503/,
    ],
    [
      'MemberNotReady',
      { ready: false, unreadySinceMs: t0 - 30_000 },
      /web-1 answers its heartbeats, but .* not ready.*`kubectl describe pod web-1 -n shop`/,
    ],
  ])('names %s, and what to do', (reason, change, message) => {
    expect(degradedReasons(() => change)).toMatchObject([
      { reason, message: expect.stringMatching(message) as string },
    ]);
  });

  it('tells the death of a member beside another container that ends again and again, and not for it', () => {
    const waiting = { container: 'log', reason: 'CrashLoopBackOff', message: 'back-off' };
    const containers = ['web', 'log'].map((name) => ({ name, image: name }));
    const reasonsOf = (change: Partial<Member>) =>
      degradedReasons(() => change, {}, { template: { spec: { containers } } }).map(
        ({ reason }) => reason,
      );
    const wrong = healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', message: 'HTTP 503' });
    expect(reasonsOf({ waiting })).toEqual(['ContainerNotStarting']);
    expect(reasonsOf({ waiting, health: dead('Silent') })).toEqual([
      ...['MemberDead', 'ContainerNotStarting'],
    ]);
    expect(reasonsOf({ waiting, health: wrong })).toEqual([
      ...['MemberUnhealthy', 'ContainerNotStarting'],
    ]);
    const own = { ...waiting, container: 'web' };
    expect(reasonsOf({ waiting: own, health: dead('Refused') })).toEqual(['ContainerNotStarting']);
  });

  it('says nothing of a pod that is not ready for a moment, or while the member is made a copy', () => {
    const unready = (ms: number, more: Partial<Member> = {}) =>
      degradedReasons(() => ({ ready: false, unreadySinceMs: t0 - ms, ...more }));
    expect(unready(29_999)).toEqual([]);
    const cloning = healthy({ report: { state: 'Cloning', epoch: 1, ledEpoch: 0 } });
    expect(unready(600_000, { health: cloning })).toEqual([]);
  });

  it('says that the Services keep their members if all of them answer wrongly', () => {
    const { resource, members } = running();
    const wrong = { health: healthy({ verdict: 'Unhealthy', cause: 'BadAnswer', message: '404' }) };
    const found = (count: number) =>
      degradedReasonsOf(
        resource,
        makeObserved(members.map((m, i) => (i < count ? { ...m, ...wrong } : m))),
        t0,
      ).map(({ reason }) => reason);
    expect(found(3)).toContain('EveryMemberUnhealthy');
    expect(found(2)).not.toContain('EveryMemberUnhealthy');
  });

  it('finds a database to which no port of its Services leads', () => {
    const spec = (targetPort: number) => ({
      engine: { type: 'Redis', port: 6379 },
      ports: [{ port: 6379, targetPort }],
    });
    const found = (targetPort: number) =>
      degradedReasons(none, {}, spec(targetPort)).filter(
        ({ reason }) => reason !== 'AgentImageUnknown',
      );
    expect(found(6380)).toMatchObject([
      { reason: 'PortNotServed', message: expect.stringContaining('targetPort: 6379') as string },
    ]);
    expect(found(6379)).toEqual([]);
  });

  it('gives a new member ten seconds before its port is called wrong', () => {
    const unheard = (sinceWallMs: number): { health: Health } => ({
      health: healthy({ verdict: 'Unknown', cause: 'Refused', message: 'refuses', sinceWallMs }),
    });
    expect(degradedReasons(() => unheard(t0 - 9_999))).toEqual([]);
    expect(degradedReasons(() => unheard(t0 - 10_000))).toMatchObject([
      {
        reason: 'NotHeard',
        message: expect.stringContaining('on port 80: refuses; check spec.engine.port') as string,
      },
    ]);
    const lastEnd = {
      container: 'web',
      reason: 'OOMKilled',
      exitCode: 137,
      finishedAtMs: t0,
      count: 1,
    };
    const [ended] = degradedReasons(() => ({ ...unheard(t0 - 10_000), lastEnd }));
    expect(ended?.message).toMatch(/on port 80: refuses; container web of web-1 .*: OOMKilled/);
    const [agent] = degradedReasons(() => ({ ...unheard(t0 - 10_000), agentPort: 8990 }));
    expect(agent?.message).not.toContain('spec.engine.port');
    const { resource, members } = running();
    const young = members.map((member) => ({ ...member, ...unheard(t0 - 4_000) }));
    expect(nextDegradedAtMs(resource, makeObserved(young), t0)).toBe(t0 + 6_000);
  });

  it('reports names that others have, but not objects that an earlier resource has only just left', () => {
    const web = {
      uid: 'x',
      ours: false,
      owner: 'HAService web',
      isAwaitingGarbageCollection: true,
    };
    const foreignPod = { name: 'web-7', owner: 'HAService web', isAwaitingGarbageCollection: true };
    const more = {
      services: { web },
      foreignPods: [foreignPod],
      failures: [{ what: 'write x', reason: 'AwaitingGarbageCollection', message: '' }],
    };
    const { resource, members } = running();
    const young = { ...resource, createdAtMs: t0 - 29_999 };
    const observed = makeObserved(members, more);
    expect(degradedReasonsOf(young, observed, t0)).toEqual([]);
    expect(nextDegradedAtMs(young, observed, t0)).toBe(t0 + 1);
    const reasons = degradedReasonsOf(young, observed, t0 + 1).map(({ reason }) => reason);
    expect(reasons).toEqual(expect.arrayContaining(['ServiceNameConflict', 'ForeignPod']));
    // A creationTimestamp of a wrong clock hides nothing.
    const future = { ...resource, createdAtMs: t0 + 3_600_000 };
    expect(degradedReasonsOf(future, observed, t0)).toEqual(
      degradedReasonsOf(young, observed, t0 + 1),
    );
    const leaving = { ...foreignPod, isAwaitingGarbageCollection: false, deletionAtMs: t0 + 1 };
    expect(degradedReasons(none, { foreignPods: [leaving] })).toEqual([]);
  });

  it.each([
    ['Invalid', 'TemplateRefused', 'correct spec.template'],
    ['BadRequest', 'TemplateRefused', 'correct spec.template'],
    ['Forbidden', 'WriteRefused', '(quota, pod security), or correct spec.template'],
    ['NamespaceTerminating', 'NamespaceTerminating', 'the namespace is being deleted'],
    ['NameTaken', 'NameTaken', 'no pods here'],
    ['InternalError', 'WriteFailed', 'trying again: no pods here'],
  ])('passes on what the API server refused: %s as %s', (refused, reason, advice) => {
    const failure = { what: 'create Pod web-1', reason: refused, message: 'no pods here' };
    expect(degradedReasons(none, { failures: [failure] })).toMatchObject([
      { reason, message: expect.stringContaining(advice) as string },
    ]);
  });

  it.each([
    ['write Service web', 'metadata.labels: Invalid value', 'correct spec.services, spec.ports'],
    ['write EndpointSlice web', 'ports: Duplicate value', 'correct spec.ports'],
    ['write PodDisruptionBudget web', 'no', 'correct spec.inherit'],
    ['label PersistentVolumeClaim data-web-0', 'no', 'correct spec.inherit'],
    ['own PersistentVolumeClaim data-web-0', 'no', 'correct spec.volumeClaimRetentionPolicy'],
    [
      'create Pod web-1',
      'POST /api/v1/namespaces/shop/persistentvolumeclaims: 422 spec.accessModes: Required value',
      'correct spec.volumeClaimTemplates',
    ],
  ])('names the field that the refused object is made from: %s', (what, message, advice) => {
    for (const reason of ['Invalid', 'Forbidden']) {
      const [problem] = degradedReasons(none, { failures: [{ what, reason, message }] });
      expect(problem?.message).toContain(advice);
      expect(problem?.message).not.toContain('spec.template');
    }
  });

  it('says how to give the operator a right that its role lacks', () => {
    const message =
      'pods "web-1" is forbidden: User "system:serviceaccount:ha:operator" cannot patch resource "pods/status" in API group "" in the namespace "shop"';
    const what = 'write status of Pod web-1: its data are complete';
    const [problem] = degradedReasons(none, { failures: [{ what, reason: 'Forbidden', message }] });
    expect(problem).toMatchObject({ reason: 'WriteRefused' });
    expect(problem?.message).toMatch(
      /pods\/status.*; apply the role of this version of the operator \(kubectl apply -f manifests\/rbac.yaml\)$/,
    );
    expect(problem?.message).not.toContain('spec.template');
  });

  it('says how to let claims be deleted where an admission plugin asks for that right', () => {
    const what = 'give up PersistentVolumeClaim data-web-2';
    const message = "is forbidden: cannot set an ownerRef on a resource you can't delete: , <nil>";
    const [problem] = degradedReasons(none, { failures: [{ what, reason: 'Forbidden', message }] });
    expect(problem?.message).toContain('`kubectl apply -f examples/delete-claims.yaml`');
  });

  it('cuts what others say', () => {
    const [problem] = degradedReasons(() => ({ unschedulable: 'x'.repeat(5_000) }));
    expect(problem?.message.length).toBeLessThan(600);
  });

  it('reports too few zones, and members that span too few', () => {
    const spec = { placement: { zones: { minZones: 3 } } };
    const two = { zones: ['a', 'b'].map((name) => ({ name, nodes: 1 })) };
    expect(degradedReasons(none, two, spec)).toEqual([
      { reason: 'TooFewZones', message: expect.stringContaining('span 2') as string },
    ]);
    expect(degradedReasons(() => ({ zone: 'a' }), {}, spec)).toEqual([
      { reason: 'TooFewZones', message: expect.stringContaining('the members span 2') as string },
    ]);
    const stopped = running({ ...spec, replicas: 0 }).resource;
    expect(degradedReasonsOf(stopped, makeObserved([]), t0)).toEqual([]);
  });

  it('reports a targetPort that no container has', () => {
    const spec = { ports: [{ port: 80, targetPort: 'http' }], engine: { type: 'HTTP', port: 80 } };
    expect(degradedReasons(none, {}, spec)).toMatchObject([
      { reason: 'PortNotFound', message: expect.stringContaining('targetPort http') as string },
    ]);
  });
});
