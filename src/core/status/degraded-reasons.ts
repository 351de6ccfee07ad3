import { healthOf, isLive, lacksNothing } from '../model/member.ts';
import {
  describeEnd,
  describeEndAt,
  endTellsUntilMs,
  endsAgainUntilMs,
  isOomKilled,
} from '../model/container-end.ts';
import { serviceNames, serviceRoles } from '../model/naming.ts';
import type { Degradation } from '../model/fault.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { sizeDegradedReasons } from '../resources/claim-sizes.ts';
import { isAboutQuantity, wrongQuantities } from '../resources/wrong-quantities.ts';
import { agentDegradedReasons } from '../resources/agent-pod.ts';
import { memberDegradedReasons, rivalDueMs } from './member-degraded-reasons.ts';
import { garbageCollectedAtMs } from '../replicas/garbage-collection-grace.ts';
import { contactOf } from '../model/contact.ts';
import { probePort, resolvePorts } from '../model/ports.ts';
import { programOf, whyAmbiguous } from '../model/program.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';
import { nameAdvice } from './name-advice.ts';
import { firstAnswerDueMs } from './first-answer.ts';
import { noSuccessor } from './no-successor.ts';
import { podDegradedReasons } from './pod-degraded-reasons.ts';
import { preparingDueMs } from './preparing.ts';
import { roleCommandDegradedReasons, roleCommandDueMs } from './role-command-degraded-reasons.ts';
import { setUpDueMs, startDegradedReason } from './start-degraded-reasons.ts';
import { cut, writeFailureDegradedReason } from './write-failures.ts';
import { everyMemberUnhealthy, whyWrong } from './wrong-answers.ts';
import { zoneDegradedReason } from './zone-degraded-reason.ts';

/** How long a started member may be without an answer before the condition Degraded reports that: programs need time to start. */
const portWrongAfterMs = 10_000;

/** How long the kubelet may call a healthy member not ready before that is told: programs warm up, and probes wait. Milliseconds. */
const unreadyAfterMs = 30_000;

/** What does not start is no cause of this: the program answers, and wrongly; or it is in another container. */
function isBeside({ spec }: Resource, { health }: Member, { about }: Degradation): boolean {
  if (health?.verdict !== 'Dead') return health?.verdict === 'Unhealthy';
  const others = spec.template.spec.containers.filter((each) => each !== programOf(spec));
  return others.some(({ name }) => name === about);
}

/** What is wrong with one member, first why it does not answer; empty if nothing is, or if it is only starting. */
function degradedReasonsOfMember(resource: Resource, member: Member, nowMs: number): Degradation[] {
  const start = startDegradedReason(resource, member, nowMs);
  if (start !== undefined && !isBeside(resource, member, start)) return [start];
  return [heartbeatDegradedReason(resource, member, nowMs), start].filter(
    (reason) => reason !== undefined,
  );
}

export const memberDegradedReason = (
  resource: Resource,
  member: Member,
  nowMs: number,
): Degradation | undefined => degradedReasonsOfMember(resource, member, nowMs)[0];

function heartbeatDegradedReason(
  resource: Resource,
  member: Member,
  nowMs: number,
): Degradation | undefined {
  const { name } = member;
  const health = healthOf(member);
  if (health === 'Unknown') {
    const waited = nowMs - (member.health?.sinceWallMs ?? nowMs);
    if (member.phase !== 'Running' || waited < portWrongAfterMs) return undefined;
    const port = contactOf(resource.spec, member).port;
    // The port of the agent is the operator's own choice.
    const { port: own } = resource.spec.engine;
    const check =
      member.agentPort === undefined
        ? `check spec.engine.port (${own ?? 'not set: as the first TCP port of spec.ports'}), the program,`
        : 'check';
    const lastEnd = nowMs < endTellsUntilMs(member) ? member.lastEnd : undefined;
    const why =
      (lastEnd && describeEnd(resource, member)) ??
      `${check} the log of the pod, and network policies`;
    return {
      reason: lastEnd && isOomKilled(lastEnd) ? 'OOMKilled' : 'NotHeard',
      member: name,
      message: `${name} has never been heard on port ${port}: ${cut(member.health?.message ?? '')}; ${why}`,
    };
  }
  if (health === 'Unhealthy' || health === 'Dead') {
    const reason = health === 'Dead' ? 'MemberDead' : 'MemberUnhealthy';
    const end = describeEndAt(resource, member, member.health?.sinceWallMs ?? nowMs);
    const why = end === undefined ? '' : `; ${end}`;
    return { reason, message: `${name} ${whyWrong(resource, member)}${why}`, about: name };
  }
  const { unreadySinceMs = Infinity } = member;
  // The readiness of a member that is still being made a copy says just that.
  if (health === 'Healthy' && lacksNothing(member) && nowMs >= unreadySinceMs + unreadyAfterMs) {
    return {
      reason: 'MemberNotReady',
      about: name,
      message: `${name} answers its heartbeats, but the kubelet says since ${new Date(unreadySinceMs).toISOString()} that the pod is not ready: the member gets no reads, and a drain counts it as lost; see \`kubectl describe pod ${name} -n ${resource.namespace}\` for its readinessProbe`,
    };
  }
  return undefined;
}

/** When the next grace time of a member or of a name ends: then decide again, so that the condition Degraded reports it. */
export function nextDegradedAtMs(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): number | undefined {
  const graceStarts = observed.members
    .filter((member) => isLive(member) && member.phase === 'Running')
    .flatMap((member) =>
      member.health?.verdict === 'Unknown'
        ? [member.health.sinceWallMs + portWrongAfterMs, endTellsUntilMs(member)]
        : [],
    );
  const unready = observed.members.flatMap(({ unreadySinceMs }) =>
    unreadySinceMs === undefined ? [] : [unreadySinceMs + unreadyAfterMs],
  );
  const starts = observed.members.flatMap((member) => [
    setUpDueMs(member) ?? 0,
    preparingDueMs(member) ?? 0,
    firstAnswerDueMs(resource, member) ?? 0,
    endsAgainUntilMs(member, nowMs) ?? 0,
  ]);
  const times = [
    ...graceStarts,
    ...roleCommandDueMs(observed),
    ...rivalDueMs(resource, observed),
    ...unready,
    ...starts,
    garbageCollectedAtMs(resource, nowMs),
  ].filter((time) => time > nowMs);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** Everything wrong that a person should know, the most urgent first. */
export function degradedReasonsOf(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): Degradation[] {
  const degradedReasons: Degradation[] = [];
  const garbageCollectedMs = garbageCollectedAtMs(resource, nowMs);
  for (const role of serviceRoles) {
    const service = serviceNames(resource.name)[role];
    const found = observed.services[service];
    if (
      found !== undefined &&
      !found.ours &&
      !(found.isAwaitingGarbageCollection && nowMs < garbageCollectedMs)
    ) {
      const isLeft = `Service ${service} belongs to ${found.owner} and is left alone`;
      const advice = nameAdvice(found, 'Service');
      degradedReasons.push(
        // Clients reach the members all the same.
        role === 'members'
          ? {
              reason: 'NameTaken',
              about: service,
              message: `${isLeft}, so that members have no DNS names of their own: ${advice}`,
            }
          : { reason: 'ServiceNameConflict', about: service, message: `${isLeft}: ${advice}` },
      );
    }
  }
  const { ports, missing } = resolvePorts(resource.spec);
  const listens = probePort(resource.spec);
  const leadsThere = ports.some((port) => port.protocol === 'TCP' && port.targetPort === listens);
  // Another container may serve the ports, such as a connection pool.
  const isAlone = resource.spec.template.spec.containers.length === 1;
  if (knowsItsProgram(resource.spec) && isAlone && missing.length === 0 && !leadsThere) {
    degradedReasons.push({
      reason: 'PortNotServed',
      message: `the program listens on port ${listens} (spec.engine.port), and no port of spec.ports leads there: give one of them targetPort: ${listens}`,
    });
  }
  const ambiguous = whyAmbiguous(resource.spec);
  if (ambiguous !== undefined) {
    degradedReasons.push({ reason: 'ContainerAmbiguous', message: ambiguous });
  }
  for (const port of missing) {
    degradedReasons.push({
      reason: 'PortNotFound',
      about: port,
      message: `targetPort ${port} is no container port of spec.template: name it there, or write a number`,
    });
  }
  for (const foreignPod of observed.foreignPods) {
    const { name, owner, isControlled, isAwaitingGarbageCollection } = foreignPod;
    const { deletionAtMs, orphanUid } = foreignPod;
    if (
      orphanUid !== undefined ||
      deletionAtMs !== undefined ||
      (isAwaitingGarbageCollection && nowMs < garbageCollectedMs)
    )
      continue;
    degradedReasons.push({
      reason: 'ForeignPod',
      about: name,
      message: `pod ${name} has a name or labels of this HAService but belongs to ${owner}: it is left alone and takes no traffic; ${isControlled === true ? `let ${owner} give its pods another name and other labels` : 'delete it, or rename or relabel it'}`,
    });
  }
  const quantities = wrongQuantities(resource.spec);
  degradedReasons.push(...quantities);
  for (const failure of observed.failures) {
    if (failure.reason === 'AwaitingGarbageCollection' && nowMs < garbageCollectedMs) continue;
    if (quantities.length > 0 && isAboutQuantity(failure.message)) continue;
    degradedReasons.push(writeFailureDegradedReason(resource.spec, failure));
  }
  degradedReasons.push(
    ...roleCommandDegradedReasons(resource, observed, nowMs),
    ...agentDegradedReasons(resource),
    ...memberDegradedReasons(resource, observed, nowMs),
    ...podDegradedReasons(resource, observed),
  );
  const zones = zoneDegradedReason(resource, observed);
  if (zones !== undefined) degradedReasons.push(zones);
  degradedReasons.push(...everyMemberUnhealthy(resource, observed));
  for (const member of observed.members.filter(isLive)) {
    degradedReasons.push(...degradedReasonsOfMember(resource, member, nowMs));
  }
  degradedReasons.push(...sizeDegradedReasons(resource, observed));
  degradedReasons.push(...noSuccessor(resource, observed.members));
  return degradedReasons;
}
