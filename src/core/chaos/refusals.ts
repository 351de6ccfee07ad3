import { failoverBackoffMs, isFault } from '../failover/failover-backoff.ts';
import { provesFence } from '../failover/fence.ts';
import { canAcknowledge, currentSet, wishedSet } from '../failover/sync-sets.ts';
import { hasQuorum, speaksProtocol } from '../model/capabilities.ts';
import {
  isComplete,
  isDurable,
  isHealthy,
  isWell,
  primaryOf,
  undurablePrimary,
  whyIncomplete,
} from '../model/member.ts';
import { mayLead } from '../model/never-primary.ts';
import type { Member } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { isActive } from '../model/topology.ts';
import { isOutdated } from '../resources/pod.ts';
import { type Refusal, countOf } from './draw.ts';
import {
  type ChaosSubject,
  stayingMembers,
  whyChanging,
  whyFailingOver,
  whyNotSteady,
} from './steady-state.ts';

/** Why no experiment may begin with this service now, whichever members it would hit; the most general reason first. */
export function refusalOf(subject: ChaosSubject): Refusal | undefined {
  return forbidden(subject) ?? unsafeNow(subject);
}

/** What a user or an administrator has forbidden, or what is wrong with the spec. */
export function forbidden({
  resource,
  observed,
}: Pick<ChaosSubject, 'resource' | 'observed'>): Refusal | undefined {
  const { spec } = resource;
  const { chaos: view } = observed;
  if (spec.chaos === undefined || view === undefined) {
    return { reason: 'ChaosRemoved', message: 'spec.chaos was removed' };
  }
  if (spec.paused) return { reason: 'Paused', message: 'spec.paused is true' };
  if (spec.chaos.suspend) return { reason: 'Suspended', message: 'spec.chaos.suspend is true' };
  if (view.limits === undefined) {
    const why = view.settingsProblem ?? 'the ConfigMap haservice-operator has not been read yet';
    return {
      reason: 'SettingsUnknown',
      message: `${why}; that ConfigMap may stop all experiments`,
    };
  }
  if (!view.limits.enabled) {
    const message =
      'chaos.enabled is false in the ConfigMap haservice-operator: it stops all experiments in the cluster';
    return { reason: 'ChaosDisabled', message };
  }
  if (view.isOptedOut !== false) {
    return view.isOptedOut === undefined
      ? {
          reason: 'SettingsUnknown',
          message:
            'the operator cannot read the labels of namespaces, which may forbid experiments: apply the manifests of this operator',
        }
      : {
          reason: 'OptedOut',
          message: `namespace ${resource.namespace} has the label haservice.dev/chaos: disabled`,
        };
  }
  if (spec.replicas < 2) {
    const message = `replicas is ${spec.replicas}: the kill of the only member would be an outage; write at least 2`;
    return { reason: 'TooFewReplicas', message };
  }
  return view.schedule.problem;
}

/** What makes an experiment a danger now, or worthless, but soon may not. */
function unsafeNow(subject: ChaosSubject): Refusal | undefined {
  const { resource, observed, nowMs } = subject;
  const { spec, status } = resource;
  const blackout = observed.chaos?.schedule.blackout;
  if (blackout !== undefined) return { reason: 'Blackout', message: `now is in ${blackout.text}` };
  const failing = whyFailingOver(subject);
  if (failing !== undefined) return { reason: 'FailoverRunning', message: failing };
  const last = status.failovers?.find(isFault);
  if (
    last !== undefined &&
    endOf(last.startedAt, failoverBackoffMs(resource, observed.members), nowMs) !== undefined
  ) {
    const message = `the last failover began at ${last.startedAt}, and the next one would wait`;
    return { reason: 'FailoverBackoff', message };
  }
  const staying = stayingMembers(observed);
  const outdated = staying.filter((member) => isOutdated(resource, member));
  if (outdated.length > 0) {
    const message = `${outdated.map(({ name }) => name).join(', ')} must be replaced, as what pods are made from has changed`;
    return { reason: 'RolloutRunning', message };
  }
  const changing = whyChanging(subject);
  if (changing !== undefined) return { reason: 'MembersChanging', message: changing };
  if (speaksProtocol(spec)) {
    for (const member of staying) {
      const why = isHealthy(member) ? whyIncomplete(member) : undefined;
      if (why !== undefined) return { reason: 'CloneRunning', message: `${member.name} ${why}` };
    }
  }
  const unsteady = whyNotSteady(subject);
  return unsteady === undefined ? undefined : { reason: 'NotSteady', message: unsteady };
}

/** Why these members may not be hit together. */
export function refusalOfHits(subject: ChaosSubject, hits: readonly Member[]): Refusal | undefined {
  return (
    tooMany(subject, hits) ??
    tooFewHealthy(subject, hits) ??
    quorumAtRisk(subject, hits) ??
    lastCopy(subject, hits)
  );
}

function tooMany({ observed }: ChaosSubject, hits: readonly Member[]): Refusal | undefined {
  const { limits, others = [] } = observed.chaos ?? {};
  if (limits === undefined) return undefined;
  if (others.length >= limits.maxExperiments) {
    const message = `${others.length} experiments run in the cluster, and chaos.maxExperiments is ${limits.maxExperiments} in the ConfigMap haservice-operator`;
    return { reason: 'TooManyExperiments', message };
  }
  for (const { zone } of hits) {
    const running = others.filter((zones) => zone !== undefined && zones.includes(zone)).length;
    if (running >= limits.maxExperimentsPerZone) {
      const message = `experiments that run in zone ${zone}: ${running}; chaos.maxExperimentsPerZone is ${limits.maxExperimentsPerZone} in the ConfigMap haservice-operator`;
      return { reason: 'TooManyExperiments', message };
    }
  }
  return undefined;
}

/** The healthy members that are not hit. */
const survivorsOf = ({ observed }: ChaosSubject, hits: readonly Member[]): Member[] =>
  observed.members.filter((member) => isWell(member) && !hits.includes(member));

function tooFewHealthy(subject: ChaosSubject, hits: readonly Member[]): Refusal | undefined {
  const { resource } = subject;
  const { chaos, replicas, placement } = resource.spec;
  const wished = chaos?.minHealthy ?? replicas - hits.length;
  const least = Math.max(1, countOf(wished, replicas, Math.ceil));
  const left = survivorsOf(subject, hits).length;
  if (left < least) {
    const message = `${left} healthy members would be left, and chaos.minHealthy needs ${least}`;
    return { reason: 'TooFewHealthy', message };
  }
  if (
    !isActive(resource) &&
    !survivorsOf(subject, hits).some((member) => mayLead(resource, member))
  ) {
    const message = 'no healthy member would be left that may lead (failover.neverPrimary)';
    return { reason: 'TooFewHealthy', message };
  }
  // The operator's own budget. Budgets of others are honoured by the eviction API alone.
  if (left < replicas - placement.disruptionBudget) {
    const message = `${hits.length} of ${replicas} members would be hit, and placement.disruptionBudget is ${placement.disruptionBudget}`;
    return { reason: 'BudgetExhausted', message };
  }
  return undefined;
}

/** Strong: whether those that stay can prove the fence of a primary that is hit, and acknowledge writes afterwards. */
function quorumAtRisk(subject: ChaosSubject, hits: readonly Member[]): Refusal | undefined {
  const { resource, observed } = subject;
  if (!hasQuorum(resource.spec)) return undefined;
  const survivors = survivorsOf(subject, hits).filter(isComplete);
  const namesOf = (members: Member[]) => new Set(members.map(({ name }) => name));
  const names = namesOf(survivors);
  const primary = primaryOf(resource, observed.members);
  const left = `${[...names].join(', ') || 'no member'} would be left`;
  const { syncSets = [] } = resource.status;
  const refused = (what: string): Refusal => ({
    reason: 'QuorumAtRisk',
    message: `${left}: too few ${what}`,
  });
  if (primary !== undefined && hits.includes(primary)) {
    // If a vote of a member is needed that may not lead, that one may be the most advanced.
    const leaders = survivors.filter((member) => mayLead(resource, member));
    const isProved =
      syncSets.length > 0 && syncSets.every((set) => provesFence(set, namesOf(leaders)));
    if (!isProved) return refused(`to prove that ${primary.name} takes no writes`);
    return leaders.some(({ name }) => canAcknowledge(wishedSet(resource, observed, name), names))
      ? undefined
      : refused('to acknowledge the writes of a new primary');
  }
  const set = currentSet(resource);
  return set !== undefined && canAcknowledge(set, names)
    ? undefined
    : refused('to acknowledge writes');
}

function lastCopy(subject: ChaosSubject, hits: readonly Member[]): Refusal | undefined {
  const { resource, observed } = subject;
  if (!speaksProtocol(resource.spec)) return undefined;
  const undurable = undurablePrimary(resource, observed.members);
  if (undurable !== undefined) {
    const message = `${undurable.name} has data in memory that are not on its disk yet`;
    return { reason: 'LastCopy', message };
  }
  const isGoodCopy = (member: Member) =>
    isComplete(member) && isDurable(member) && mayLead(resource, member);
  if (survivorsOf(subject, hits).some(isGoodCopy)) return undefined;
  return { reason: 'LastCopy', message: 'no complete and durable copy of the data would be left' };
}
