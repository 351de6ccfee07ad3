import type { Status } from '../../src/api/status.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/model/decision.ts';
import { takesNoOrders } from '../../src/core/model/contact.ts';
import { isHealthy, isLive, reportOf } from '../../src/core/model/member.ts';
import type { Observed, Resource } from '../../src/core/model/observed.ts';
import { templateHash } from '../../src/core/resources/pod.ts';
import { defaultAgentPort } from '../../src/protocol/member-protocol.ts';

type Decide = typeof decide;

/** Decides as it should, but for what `change` makes of it. */
function changed(change: (decision: Decision, resource: Resource) => Decision): Decide {
  return (resource, observed, nowMs) => change(decide(resource, observed, nowMs), resource);
}

/** Promotes before the compare-and-swap has landed. */
export function promotesEarly(resource: Resource, observed: Observed, nowMs: number): Decision {
  const { commit, ...decision } = decide(resource, observed, nowMs);
  const { primaryUID, epoch = 0, fencing, syncSets = [] } = decision.status;
  const member = observed.members.find(({ uid }) => uid === primaryUID);
  if (commit === undefined || fencing !== undefined || member === undefined) {
    return { ...decision, ...(commit === undefined ? {} : { commit }) };
  }
  const sync = syncSets.at(-1);
  const call = {
    action: 'promote' as const,
    member,
    epoch,
    order: { init: false, ...(sync === undefined ? {} : { sync }) },
    generation: member.health?.generation ?? 0,
    ...{ failures: 0, message: '', reason: 'early' },
  };
  return { ...decision, actions: [{ type: 'GiveRoleCommand', command: call }] };
}

/** At 0 nothing is kept of who led. */
function withoutLeaderAt0(decision: Decision, { spec }: Resource): Decision {
  if (spec.replicas > 0) return decision;
  const { primary: _primary, primaryUID: _uid, stopped: _stopped, ...status } = decision.status;
  return { ...decision, status };
}

/** The first set is believed before the leader has it in force, and in the epoch in which the leader was told of none. */
function withoutJointPair(decision: Decision, { status: before }: Resource): Decision {
  const { commit, ...rest } = decision;
  const { primaryUID, syncSets = [], fencing } = commit?.status ?? {};
  const isSame = primaryUID !== undefined && primaryUID === before.primaryUID;
  const isFirst = (before.syncSets ?? []).length === 0 && syncSets.length > 1;
  if (!isSame || !isFirst || fencing !== undefined) return decision;
  return { ...rest, status: { ...before, syncSets: syncSets.slice(1) } };
}

/** Whoever was not heard yet counts as broken, and is replaced at once when the template has changed. */
export function deletesUnheard(resource: Resource, observed: Observed, nowMs: number): Decision {
  const decision = decide(resource, observed, nowMs);
  const { spec, status } = resource;
  const isBusy = decision.commit !== undefined || decision.actions.some(isAboutPods);
  if (isBusy || observed.members.length !== spec.replicas || spec.paused) return decision;
  const member = observed.members.find(
    (each) =>
      each.templateHash !== templateHash(spec) &&
      each.uid !== status.primaryUID &&
      isLive(each) &&
      !isHealthy(each),
  );
  if (member === undefined) return decision;
  const removal = { member, reason: 'Outdated' as const, note: 'it was not heard' };
  return { ...decision, actions: [...decision.actions, { type: 'DeletePod', removal }] };
}

const isAboutPods = ({ type }: Decision['actions'][number]) =>
  type === 'CreatePod' || type === 'DeletePod';

/**
 * A port on which nobody has ever listened proves the end of whoever should listen there, and whether its pod was made with a
 * lease is not looked at.
 */
export function believesAnyRefusal(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): Decision {
  const members = observed.members.map((member) => {
    if (!takesNoOrders(resource.spec, member)) return member;
    const { health } = member;
    const isRefused = health?.refusedPort !== undefined;
    return {
      ...member,
      ...{ agentPort: defaultAgentPort, leaseMs: 1_000 },
      ...(isRefused ? { health: { ...health, refusedPort: defaultAgentPort } } : {}),
    };
  });
  return decide(resource, { ...observed, members }, nowMs);
}

/** The kill is done in the pass that decides about it, before the intent is stored. */
export function killsAtOnce(resource: Resource, observed: Observed, nowMs: number): Decision {
  const decision = decide(resource, observed, nowMs);
  const { experiment } = decision.status.chaos ?? {};
  const isStored = resource.status.chaos?.experiment?.phase === 'Injecting';
  if (isStored || experiment?.phase !== 'Injecting' || decision.commit !== undefined) {
    return decision;
  }
  const uids = experiment.hits.map(({ uid }) => uid);
  const members = observed.members.filter(({ uid }) => uids.includes(uid));
  return { ...decision, actions: [{ type: 'InjectFault', experiment, members }] };
}

/** Experiments are decided on as if the service did not promise Strong: the quorum counts for nothing. */
export function killsQuorum(resource: Resource, observed: Observed, nowMs: number): Decision {
  const decision = decide(resource, observed, nowMs);
  const { spec } = resource;
  const eventual = { ...spec, failover: { ...spec.failover, consistency: 'Eventual' as const } };
  const other = decide({ ...resource, spec: eventual }, observed, nowMs);
  if (decision.commit !== undefined || other.commit !== undefined) return decision;
  return withExperiment(decision, other.status, other.actions.filter(isKill));
}

const isKill = ({ type }: Decision['actions'][number]) => type === 'InjectFault';

function withExperiment(decision: Decision, { chaos }: Status, kills: Decision['actions']) {
  const actions = [...decision.actions.filter((action) => !isKill(action)), ...kills];
  const status = { ...decision.status, ...(chaos === undefined ? {} : { chaos }) };
  return { ...decision, actions, status };
}

/** What this process has killed is forgotten, and members are named by their pods and not by UID. */
export function killsAgain(resource: Resource, observed: Observed, nowMs: number): Decision {
  const decision = forgetsKill(resource, observed, nowMs);
  const { experiment } = resource.status.chaos ?? {};
  if (experiment?.phase !== 'Injecting' || decision.commit !== undefined) return decision;
  const names = experiment.hits.map(({ pod }) => pod);
  const members = observed.members.filter((each) => names.includes(each.name) && isLive(each));
  const kill = { type: 'InjectFault' as const, experiment, members };
  return withExperiment(decision, resource.status, members.length > 0 ? [kill] : []);
}

/** What this process has killed is forgotten. */
export function forgetsKill(
  resource: Resource,
  { chaos, ...rest }: Observed,
  nowMs: number,
): Decision {
  if (chaos === undefined) return decide(resource, rest, nowMs);
  const { injection: _injection, ...forgetful } = chaos;
  return decide(resource, { ...rest, chaos: forgetful }, nowMs);
}

/** What the user has forbidden members is not looked at. */
export function electsAnybody(resource: Resource, observed: Observed, nowMs: number): Decision {
  const { spec } = resource;
  const { neverPrimary: _never, ...failover } = spec.failover;
  return decide({ ...resource, spec: { ...spec, failover } }, observed, nowMs);
}

/** With what lease the primary was made is forgotten with its pod. */
function withoutLease({ commit, ...decision }: Decision): Decision {
  const forget = ({ primaryLeaseMs: _leaseMs, ...status }: Status): Status => status;
  return {
    ...decision,
    status: forget(decision.status),
    ...(commit === undefined ? {} : { commit: { ...commit, status: forget(commit.status) } }),
  };
}

/** Whatever has lost its owner is left alone. */
const withoutAdoption = ({ actions, ...decision }: Decision): Decision => ({
  ...decision,
  actions: actions.filter(({ type }) => type !== 'AdoptPod'),
});

/** A leader that waits for followers is not told that it need not any more. */
const waiting = (decision: Decision, { spec }: Resource): Decision => ({
  ...decision,
  actions: decision.actions.filter(
    (action) =>
      action.type !== 'GiveRoleCommand' ||
      spec.failover.consistency === 'Strong' ||
      action.command.action !== 'promote' ||
      reportOf(action.command.member)?.state !== 'Leading',
  ),
});

export const waitsOn = changed(waiting);
export const neverAdopts = changed(withoutAdoption);
export const forgetsLease = changed(withoutLease);
export const forgetsLeaderAt0 = changed(withoutLeaderAt0);
export const believesFirstSet = changed(withoutJointPair);

/** Whoever was elected is taken to be promoted, unless this very process has committed the election. */
export function promotesOwnAlone(): Decide {
  const own = new Set<number>();
  return (resource, observed, nowMs) => {
    const decision = decide(resource, observed, nowMs);
    const { commit, actions } = decision;
    if (commit?.status.epoch !== undefined) own.add(commit.status.epoch);
    const isForgotten = (action: Decision['actions'][number]) =>
      action.type === 'GiveRoleCommand' &&
      action.command.action === 'promote' &&
      reportOf(action.command.member)?.state !== 'Leading' &&
      !own.has(action.command.epoch);
    return { ...decision, actions: actions.filter((action) => !isForgotten(action)) };
  };
}

/** A member that a zone has refused goes, and nobody notes that. */
export function forgetsRefusals(resource: Resource, observed: Observed, nowMs: number): Decision {
  const { generation } = resource;
  const at = new Date(nowMs).toISOString();
  const isRefused = observed.members.some(({ unschedulable }) => unschedulable !== undefined);
  const refusedMoves = isRefused
    ? observed.zones.map(({ name: zone, nodes }) => ({ zone, at, generation, nodes, message: '' }))
    : [];
  const status = { ...resource.status, refusedMoves };
  const decision = decide({ ...resource, status }, observed, nowMs);
  const { refusedMoves: _moves, ...next } = decision.status;
  return { ...decision, status: next };
}
