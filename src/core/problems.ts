import { healthOf, isHealthy, isLive, whyUnhealthy } from './member.ts';
import { serviceNames } from './naming.ts';
import type { Member, Observed, Problem, Resource } from './observed.ts';
import { probePort, resolvePorts } from './ports.ts';
import { zoneCounts } from './zones.ts';

/** How long a started member may refuse connections before its port is called wrong: programs need time to start. */
const portWrongAfterMs = 10_000;

/** How many characters of somebody else's message are passed on. */
const cut = (text: string) => (text.length > 400 ? `${text.slice(0, 400)}...` : text);

function memberProblem(resource: Resource, member: Member, nowMs: number): Problem | undefined {
  const { name } = member;
  if (member.waiting !== undefined) {
    const { container, reason, message } = member.waiting;
    const pull = /Image|Pull/.test(reason);
    const advice = pull
      ? 'correct the image or its pull secret in spec.template'
      : `see \`kubectl logs -p ${name} -c ${container} -n ${resource.namespace}\``;
    return {
      reason: pull ? 'ImagePullFailed' : 'ContainerNotStarting',
      message: `container ${container} of ${name}: ${reason}: ${cut(message)}; ${advice}`,
    };
  }
  if (member.unschedulable !== undefined) {
    return {
      reason: 'Unschedulable',
      message: `${name} finds no node: ${cut(member.unschedulable)}; add nodes or relax spec.placement`,
    };
  }
  const health = healthOf(member);
  if (health === 'Unknown') {
    const waited = nowMs - (member.health?.sinceWallMs ?? nowMs);
    if (member.phase !== 'Running' || waited < portWrongAfterMs) return undefined;
    return {
      reason: 'NotHeard',
      message: `${name} has never been heard on port ${probePort(resource.spec)}: ${cut(member.health?.message ?? '')}; check spec.engine.port, the program, and network policies`,
    };
  }
  if (health === 'Sick' || health === 'Dead') {
    return { reason: `Member${health}`, message: `${name} ${cut(whyUnhealthy(member))}` };
  }
  return undefined;
}

function zoneProblem(resource: Resource, observed: Observed): Problem | undefined {
  const { minZones, topologyKey } = resource.spec.placement.zones;
  if (minZones === undefined) return undefined;
  if (observed.zones.length < minZones) {
    return {
      reason: 'TooFewZones',
      message: `placement.zones.minZones is ${minZones}, but nodes that can take a member span ${observed.zones.length} (label ${topologyKey}): add nodes in other zones or lower minZones`,
    };
  }
  const used = [...zoneCounts(observed.members.filter(isHealthy), []).keys()].length;
  if (used >= minZones || observed.members.filter(isHealthy).length < resource.spec.replicas) {
    return undefined;
  }
  return {
    reason: 'TooFewZones',
    message: `the members span ${used} zones, placement.zones.minZones wishes ${minZones}: they are moved when there is room`,
  };
}

/** When the youngest doubt about a member ends: then look again, so that its problem is told. */
export function nextProblemAtMs(observed: Observed, nowMs: number): number | undefined {
  const times = observed.members
    .filter((member) => isLive(member) && member.phase === 'Running')
    .flatMap(({ health }) => (health?.verdict === 'Unknown' ? [health.sinceWallMs] : []))
    .map((since) => since + portWrongAfterMs)
    .filter((time) => time > nowMs);
  return times.length > 0 ? Math.min(...times) : undefined;
}

/** Everything wrong that a person should know, most urgent first. */
export function findProblems(resource: Resource, observed: Observed, nowMs: number): Problem[] {
  const problems: Problem[] = [];
  for (const service of Object.values(serviceNames(resource.name))) {
    const found = observed.services[service];
    if (found !== undefined && !found.ours) {
      problems.push({
        reason: 'ServiceNameConflict',
        message: `Service ${service} belongs to ${found.owner} and is left alone: rename this HAService, or delete that Service`,
      });
    }
  }
  for (const port of resolvePorts(resource.spec).missing) {
    problems.push({
      reason: 'PortNotFound',
      message: `targetPort ${port} is no container port of spec.template: name it there, or write a number`,
    });
  }
  for (const { name, owner } of observed.strangers) {
    problems.push({
      reason: 'ForeignPod',
      message: `pod ${name} has a name or labels of this HAService but belongs to ${owner}: it is left alone and takes no traffic; delete it, or rename or relabel it`,
    });
  }
  for (const { what, reason, message } of observed.failures) {
    problems.push({
      reason: reason === 'Invalid' || reason === 'BadRequest' ? 'TemplateRefused' : 'WriteRefused',
      message: `cannot ${what}: ${reason}: ${cut(message)}; correct spec.template or what refuses it`,
    });
  }
  for (const { state, action, uid, message, generation } of observed.hooks) {
    const member = observed.members.find((candidate) => candidate.uid === uid);
    if (state !== 'Failed' || member?.health?.generation !== generation) continue;
    problems.push({
      reason: action === 'promote' ? 'PromoteFailed' : 'DemoteFailed',
      message: `${action} of ${member.name} failed and is tried again: ${cut(message)}`,
    });
  }
  const zones = zoneProblem(resource, observed);
  if (zones !== undefined) problems.push(zones);
  for (const member of observed.members.filter(isLive)) {
    const problem = memberProblem(resource, member, nowMs);
    if (problem !== undefined) problems.push(problem);
  }
  return problems;
}
