import { describe, expect, it } from 'vitest';
import type { FailoverRecord } from '../api/status.ts';
import type { Action } from './model/action.ts';
import { decide } from './decide.ts';
import type { Member, Observed, Resource } from './model/observed.ts';
import { dead, healthy, makeMember, makeObserved, running, t0 } from './testing/fixtures.ts';

const summary = (actions: Action[]) =>
  actions.map((action) => {
    switch (action.type) {
      case 'EnsureOwnedObject':
      case 'Repoint':
        return `${action.manifest.kind} ${action.manifest.metadata.name}`;
      case 'GiveRoleCommand':
        return `${action.command.action} ${action.command.member.name}`;
      case 'CreatePod':
        return `create ${action.manifest.metadata.name}`;
      case 'DeletePod':
        return `delete ${action.removal.member.name}`;
      case 'DeleteForeignEndpoints':
        return `delete ${action.endpoints.kind} ${action.endpoints.name}`;
      case 'AdoptPod':
        return `take over ${action.pod.name}`;
      case 'InjectFault':
        return `${action.experiment.action} ${action.members.map(({ name }) => name).join()}`;
      case 'ProbeSteadyState':
        return `request ${action.target.service}`;
      case 'GrowClaim':
      case 'LabelClaim':
      case 'OwnClaim':
      case 'MarkScaledAway':
      case 'GiveUpClaim':
        return `${action.type} ${action.claim.name}`;
      case 'MarkComplete':
        return `mark ${action.member.name} ${action.isComplete ? 'complete' : 'incomplete'}`;
      case 'AnnotatePod':
        return `annotate ${action.member.name}`;
      case 'LabelPod':
        return `label ${action.member.name} ${action.labels['haservice.dev/role']}`;
    }
  });

/** UIDs that the write slice should have; undefined if it is not changed. */
function writers(actions: Action[]): string[] | undefined {
  const action = actions.find((entry) => entry.type === 'Repoint');
  if (action?.type !== 'Repoint') return undefined;
  const endpoints = action.manifest['endpoints'] as { targetRef: { uid: string } }[];
  return endpoints.map(({ targetRef }) => targetRef.uid);
}

const promoteHook = { engine: { type: 'HTTP', promote: { path: '/up' } } };

/** web-1 was elected at t0, as web-0 had crashed; the write Service still points at web-0. */
function failingOver(spec: object = {}, more: Partial<Observed> = {}) {
  const { resource, members } = running(spec);
  const record: FailoverRecord = {
    epoch: 2,
    from: 'web-0',
    to: 'web-1',
    trigger: 'Crash',
    startedAt: new Date(t0).toISOString(),
    outcome: 'Promoting',
  };
  const status = { ...resource.status, primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2 };
  const crashed = members.map((member) =>
    member.ordinal === 0 ? { ...member, health: dead('Refused') } : member,
  );
  return {
    resource: { ...resource, status: { ...status, failovers: [record] } } satisfies Resource,
    members: crashed,
    observed: makeObserved(crashed, { writeEndpoints: ['uid-web-0'], ...more }),
  };
}

describe('after an election', () => {
  it('writes the slice of the write Service before anything else, then what can wait', () => {
    const { resource, observed } = failingOver();
    const actions = summary(decide(resource, observed, t0 + 5).actions);
    expect(actions[0]).toBe('EndpointSlice web-haservice-dev');
    expect(actions.slice(-2)).toEqual(['label web-0 standby', 'label web-1 primary']);
  });

  it('points the Service at the primary alone, and not before its promotion', () => {
    const plain = failingOver();
    expect(writers(decide(plain.resource, plain.observed, t0 + 5).actions)).toEqual(['uid-web-1']);
    const { resource, observed } = failingOver(promoteHook);
    const waiting = decide(resource, observed, t0 + 5);
    expect(writers(waiting.actions)).toBeUndefined();
    // What can wait does, so that nothing is under way when the promotion is done.
    expect(summary(waiting.actions)).toEqual(['promote web-1']);
    const later = summary(decide(resource, observed, t0 + 500).actions);
    expect(later).toEqual(expect.arrayContaining(['label web-1 primary', 'Service web-read']));
  });

  it('takes the old primary out when the promotion takes long, also as a new process', () => {
    const timings = { epoch: 2, committedAtMs: t0 + 100 };
    const { resource, observed } = failingOver(promoteHook, { timings });
    const early = decide(resource, observed, t0 + 400);
    expect(writers(early.actions)).toBeUndefined();
    expect(early.requeueAtMs).toBeLessThanOrEqual(t0 + 600);
    expect(writers(decide(resource, observed, t0 + 600).actions)).toEqual([]);
    const { timings: _lost, ...unremembered } = observed;
    expect(writers(decide(resource, unremembered, t0 + 500).actions)).toEqual([]);
  });

  it('does its other work also if the failover was begun by an operator whose clock was an hour ahead', () => {
    const { resource, observed } = failingOver(promoteHook);
    const [record] = resource.status.failovers;
    const startedAt = new Date(t0 + 3_600_000).toISOString();
    const status = { ...resource.status, failovers: [{ ...record!, startedAt }] };
    const { actions } = decide({ ...resource, status }, observed, t0);
    expect(writers(actions)).toEqual([]);
    expect(summary(actions)).toEqual(expect.arrayContaining(['label web-1 primary']));
  });

  it('takes a pod that is gone out at once: its address may soon be another pod’s', () => {
    const { resource, members } = running({ failover: { automatic: false } });
    const observed = makeObserved(members.slice(1), { writeEndpoints: ['uid-web-0'] });
    const decision = decide(resource, observed, t0);
    expect(decision.commit).toBeUndefined();
    expect(writers(decision.actions)).toEqual([]);
  });

  it('does not delete a crashed primary that no member can replace: it may come back', () => {
    const { resource, members } = running({ replicas: 1 });
    const alone = { ...members[0]!, health: dead('Refused') };
    const observed = makeObserved([alone], { writeEndpoints: ['uid-web-0'] });
    expect(writers(decide(resource, observed, t0).actions)).toEqual(['uid-web-0']);
  });

  const timings = {
    epoch: 2,
    committedAtMs: t0 + 4,
    promotedAtMs: t0 + 5,
    repointedAtMs: t0 + 9,
  };
  const repointed = { writeEndpoints: ['uid-web-1'], timings };

  it('completes the record as soon as the promoted primary is behind the Service', () => {
    const { resource, observed } = failingOver({}, repointed);
    const { status, events } = decide(resource, observed, t0 + 10);
    const [record] = status.failovers ?? [];
    expect(record).toMatchObject({
      outcome: 'Completed',
      electMs: 4,
      promoteMs: 1,
      repointMs: 4,
      totalMs: 9,
    });
    expect(record).not.toHaveProperty('firstSuccessMs');
    expect(events).toContainEqual(
      expect.objectContaining({
        reason: 'FailoverCompleted',
        note: expect.stringContaining('9 ms after the verdict') as string,
      }),
    );
    const progress = status.conditions?.find(({ type }) => type === 'Progressing');
    expect(progress?.message).not.toContain('is being made primary');
  });

  it('writes the first answer into the complete record, once, and says nothing more of it', () => {
    const { resource, observed } = failingOver({}, repointed);
    const { status } = decide(resource, observed, t0 + 10);
    const done = { ...resource, status };
    const later = (more: object) =>
      decide(done, { ...observed, timings: { ...timings, ...more } }, t0 + 30);
    expect(later({}).status.failovers).toEqual(status.failovers);
    expect(later({ epoch: 3, firstSuccessAtMs: t0 + 29 }).status.failovers).toEqual(
      status.failovers,
    );
    const answered = later({ firstSuccessAtMs: t0 + 29 });
    expect(answered.status.failovers).toEqual([
      { ...status.failovers?.[0], firstSuccessMs: 20, gapMs: 29 },
    ]);
    expect(answered.events).toEqual([]);
    const gapIf = (lastSignMs: number | 'Unknown') =>
      later({ firstSuccessAtMs: t0 + 29, lastSignMs }).status.failovers?.[0]?.gapMs;
    // No operator ran while the primary failed.
    expect(gapIf('Unknown')).toBeUndefined();
    expect(gapIf(t0 - 29_000)).toBe(29_029);
    expect(gapIf(t0 + 20)).toBe(29);
    const { status: last } = answered;
    const again = { ...observed, timings: { ...timings, firstSuccessAtMs: t0 + 99 } };
    expect(decide({ ...done, status: last }, again, t0 + 100).status.failovers).toEqual(
      last.failovers,
    );
  });

  it('holds up neither an update nor failover.minInterval until the first answer has come', () => {
    const { resource, members, observed } = failingOver({}, repointed);
    const { status } = decide(resource, observed, t0 + 10);
    const done = { ...resource, status };
    const back = members.map((member) => ({ ...member, health: healthy() }));
    const outdated = back.map((member) =>
      member.ordinal === 0 ? { ...member, templateHash: 'old' } : member,
    );
    const update = decide(done, { ...observed, members: outdated }, t0 + 20);
    expect(summary(update.actions)).toContain('delete web-0');
    const failed = back.map((member) =>
      member.ordinal === 1 ? { ...member, health: dead('Refused') } : member,
    );
    const next = decide(done, { ...observed, members: failed }, t0 + 20);
    expect(next.commit).toBeUndefined();
    expect(next.status.conditions).toContainEqual(
      expect.objectContaining({ type: 'FailoverBlocked', reason: 'MinInterval' }),
    );
  });

  it('completes it without times where another process saw the beginning', () => {
    const { resource, observed } = failingOver({}, { writeEndpoints: ['uid-web-1'] });
    const [record] = decide(resource, observed, t0 + 10).status.failovers ?? [];
    expect(record?.outcome).toBe('Completed');
    expect(record).not.toHaveProperty('totalMs');
  });

  it('gives a record up that a scale to 0 or another topology has overtaken', () => {
    for (const spec of [{ replicas: 0 }, { topology: 'ActiveActive' }]) {
      const { resource, observed } = failingOver(spec);
      const { status } = decide(resource, observed, t0 + 10);
      expect(status.failovers?.[0]?.outcome).toBe('Superseded');
      expect(status.primary).toBeUndefined();
    }
  });
});

describe('a new process', () => {
  const unheard = (member: Member): Member => ({
    ...member,
    health: healthy({ verdict: 'Unknown', message: 'not heard yet', sinceWallMs: t0 }),
  });
  const known = (resource: Resource, members: Member[]): Resource => ({
    ...resource,
    status: decide(resource, makeObserved(members, { writeEndpoints: ['uid-web-0'] }), t0).status,
  });
  const writes = (actions: Action[], service: string) =>
    actions.flatMap((action) => {
      if (action.type !== 'EnsureOwnedObject' && action.type !== 'Repoint') return [];
      const { manifest } = action;
      if (manifest.metadata.labels?.['kubernetes.io/service-name'] !== service) return [];
      return (manifest['endpoints'] as { targetRef: { name: string } }[]).map(
        ({ targetRef }) => targetRef.name,
      );
    });

  it('removes no member from the Services, and changes no status, before any member has answered', () => {
    const { resource, members } = running();
    const before = known(resource, members);
    expect(before.status.phase).toBe('Healthy');
    const observed = makeObserved(members.map(unheard), { writeEndpoints: ['uid-web-0'] });
    const { status, actions, events } = decide(before, observed, t0 + 1);
    expect(status).toEqual(before.status);
    expect(events).toEqual([]);
    expect(writes(actions, 'web-read')).toEqual(['web-1', 'web-2']);
    expect(writes(actions, 'web-all')).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('does the same for ActiveActive, which would otherwise lose all endpoints', () => {
    const { resource, members } = running({ topology: 'ActiveActive' });
    const before = known(resource, members);
    const { actions } = decide(before, makeObserved(members.map(unheard)), t0 + 1);
    expect(writes(actions, 'web')).toEqual(['web-0', 'web-1', 'web-2']);
  });

  it('relies on its own verdicts as soon as it has them, and elects only members that have answered', () => {
    const { resource, members } = running();
    const before = known(resource, members);
    const silent = members.map((member) => {
      const since = { sinceWallMs: t0 - 10_000 };
      return member.ordinal === 1
        ? { ...member, health: healthy({ verdict: 'Unknown', cause: 'Silent', ...since }) }
        : unheard(member);
    });
    const { actions } = decide(before, makeObserved(silent), t0 + 1);
    expect(writes(actions, 'web-read')).toEqual(['web-2']);
    const primaryDead = members.map((member) =>
      member.ordinal === 0 ? { ...member, health: dead('Refused') } : unheard(member),
    );
    const decision = decide(before, makeObserved(primaryDead), t0 + 1);
    expect(decision.commit).toBeUndefined();
    expect(
      decision.status.conditions?.find(({ type }) => type === 'FailoverBlocked'),
    ).toMatchObject({ status: 'True', reason: 'NoCandidate' });
  });
});

describe('one pass', () => {
  it('kills a frozen former primary before it loses the label that condemns it', () => {
    const { resource, members } = failingOver();
    const frozen = members.map((member) =>
      member.ordinal === 0
        ? {
            ...member,
            labels: { ...member.labels, 'haservice.dev/role': 'primary' },
            health: dead('Silent'),
          }
        : member,
    );
    const observed = makeObserved(frozen, { writeEndpoints: ['uid-web-1'] });
    const actions = summary(decide(resource, observed, t0 + 5).actions);
    expect(actions.indexOf('delete web-0')).toBeLessThan(actions.indexOf('label web-0 standby'));
    // And if the label is lost: the record still names it.
    const unlabelled = makeObserved(
      frozen.map((m) =>
        m.ordinal === 0 ? makeMember(resource, 0, { health: dead('Silent') }) : m,
      ),
    );
    expect(summary(decide(resource, unlabelled, t0 + 5).actions)).toContain('delete web-0');
  });

  it('does not change a Service of another owner, nor its slice', () => {
    const { resource, members } = running();
    const web = { uid: 'x', ours: false, owner: 'Helm', isAwaitingGarbageCollection: false };
    const observed = makeObserved(members, { services: { web } });
    const actions = summary(decide(resource, observed, t0).actions);
    expect(actions).not.toContain('Service web');
    expect(actions).not.toContain('EndpointSlice web-haservice-dev');
    expect(actions).toContain('Service web-read');
  });

  it('writes slices of the family that the pods have', () => {
    const { resource, members } = running();
    const six = members.map((member) => ({ ...member, ip: `fd00::${member.ordinal + 1}` }));
    const { actions } = decide(resource, makeObserved(six, { ipv6: true }), t0);
    expect(summary(actions)).toContain('EndpointSlice web-haservice-dev-v6');
    expect(summary(actions)).not.toContain('EndpointSlice web-haservice-dev');
  });

  it('says the same as long as it is the same, whatever the evidence counts', () => {
    const { resource, members } = running({ replicas: 1 });
    const at = (evidence: string) => {
      const health = dead('Refused', { evidence });
      const member = { ...members[0]!, health };
      return decide(resource, makeObserved([member]), t0).status;
    };
    expect(at('connection refused and 3 times after')).toEqual(
      at('connection refused and 77 times after'),
    );
  });
});
