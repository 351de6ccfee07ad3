import { durationMs } from '../../api/duration.ts';
import { switchoverAnnotation } from '../../api/labels.ts';
import { describeRejections, electFirst } from './election.ts';
import { electionContextOf } from './election-context.ts';
import { inFlight } from './failover-plan.ts';
import { whyCannotGoOn, whyGivesBack } from './hand-over.ts';
import { takesNoOrders } from '../model/contact.ts';
import { isDurable, isLive, isWell, primaryOf, whyNotHealthy } from '../model/member.ts';
import { isActive } from '../model/topology.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { endOf } from '../model/since.ts';
import { userRequest, withAnswer } from '../model/user-request.ts';

/** What is to be done about a switchover that a user has asked for. */
export type SwitchoverRequest =
  | { kind: 'None' }
  | { kind: 'Due'; value: string; winner: Member }
  /** `why`: in a sentence for a person, with what to do. */
  | { kind: 'Refused'; value: string; why: string };

const again = (target: string) =>
  `annotate again with ${switchoverAnnotation}="$(date -Is)${target === '' ? '' : ` ${target}`}"`;

const stampOf = (value: string | undefined) => value?.split(' ')[0];

/**
 * A user asks by the annotation haservice.dev/switchover that another member leads: a time stamp, and after a space the name of a
 * member or of a zone if one is meant. The request is carried out at once, or refused at once: it never takes place minutes later,
 * when nobody expects that any more.
 */
export function switchoverRequest(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): SwitchoverRequest {
  const value = resource.requests?.switchover?.trim();
  const { lastRequest: handled, refusedRequest: refused } = resource.status.switchover ?? {};
  if (value === undefined || value === handled || value === refused) return { kind: 'None' };
  const [stamp = '', target = '', ...rest] = value.split(/ +/);
  const refuse = (why: string): SwitchoverRequest => ({ kind: 'Refused', value, why });
  const about = { handled: stampOf(handled), refused: undefined };
  const request = userRequest(stamp, about, resource.createdAtMs, nowMs);
  if (request.kind === 'Refused') return refuse(`${request.why}; ${again(target)}`);
  if (request.kind === 'None') return refuse(`this time stamp was handled; ${again(target)}`);
  if (rest.length > 0) return refuse('write one member or one zone after the time stamp, or none');
  // A new operator hears them within that time.
  if (observed.members.some((member) => isNotHeardYet(resource, member, nowMs))) {
    return { kind: 'None' };
  }
  const found = findWinner(resource, observed, target);
  return 'winner' in found ? { kind: 'Due', value, ...found } : refuse(found.why);
}

const isNotHeardYet = ({ spec }: Resource, { health }: Member, nowMs: number): boolean =>
  health?.verdict === 'Unknown' &&
  endOf(health.sinceWallMs, durationMs(spec.heartbeat.timeout), nowMs) !== undefined;

function findWinner(
  resource: Resource,
  observed: Observed,
  target: string,
): { winner: Member } | { why: string } {
  const { spec, status } = resource;
  const now = whyNotNow(resource, observed);
  if (now !== undefined) return { why: now };
  const primary = primaryOf(resource, observed.members);
  if (primary === undefined || !isLive(primary) || !isWell(primary)) {
    const what = primary === undefined ? 'is not there' : whyNotHealthy(primary);
    return { why: `the primary ${status.primary} ${what}: a failover decides by itself who leads` };
  }
  if (takesNoOrders(spec, primary)) {
    return { why: `${primary.name} takes no orders, as its pod was made without an agent` };
  }
  const isMember = observed.members.some(({ name }) => name === target);
  const isMeant = ({ name, zone }: Member) =>
    target === '' || (isMember ? name === target : zone === target);
  if (target !== '' && isMeant(primary)) return { why: `${primary.name} leads already` };
  const meant = observed.members.filter((each) => each.uid !== primary.uid && isMeant(each));
  if (meant.length === 0) {
    const names = observed.members.map(({ name, zone }) => `${name} (${zone ?? 'no zone'})`);
    return { why: `${target || 'another member'} is not there: ${names.join(', ')}` };
  }
  const unwell = meant.find((each) => !isWell(each) || !isDurable(each));
  const able = meant.filter((each) => isWell(each) && isDurable(each));
  const context = { ...electionContextOf(resource, observed), failedZone: primary.zone };
  const staysPrimary = (member: Member) => whyGivesBack(resource, observed, member) === undefined;
  const { winner, rejected } = electFirst(able, staysPrimary, context);
  if (winner === undefined) {
    const why =
      able.length === 0 && unwell !== undefined
        ? `${unwell.name} ${isWell(unwell) ? 'holds data that do not survive its restart yet' : `is not well: ${whyNotHealthy(unwell)}`}`
        : describeRejections(rejected);
    return { why: `no member that is meant can lead: ${why}` };
  }
  const obstacle =
    whyCannotGoOn(resource, observed, winner) ?? whyGivesBack(resource, observed, winner);
  return obstacle === undefined ? { winner } : { why: obstacle };
}

function whyNotNow(resource: Resource, observed: Observed): string | undefined {
  const { spec, status } = resource;
  if (isActive(resource)) return 'the service has no primary (topology: ActiveActive)';
  if (spec.replicas === 0) return 'replicas is 0';
  if (spec.paused) return 'spec.paused is true: set it to false first';
  if (status.primary === undefined) return 'no member has become the primary yet';
  if (
    status.fencing !== undefined ||
    inFlight(resource) !== undefined ||
    observed.unansweredElection !== undefined
  ) {
    return 'a change of the primary is running: ask again when it has ended';
  }
  return undefined;
}

/** The status with the word that the request was refused, if so. */
export function withRefusedSwitchover(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): Resource {
  if (resource.deleting) return resource;
  const { lastRequest, refusedRequest } = resource.status.switchover ?? {};
  const request = switchoverRequest(resource, observed, nowMs);
  if (request.kind === 'Refused') {
    const message =
      `the annotation ${switchoverAnnotation} is ${JSON.stringify(request.value)}: ${request.why}; the primary is not changed`.slice(
        0,
        1024,
      );
    const refusal = { refusedRequest: request.value, message };
    return withAnswer(resource, 'switchover', lastRequest, refusal);
  }
  // The message is about an annotation that is gone.
  const isStale = resource.requests?.switchover === undefined && refusedRequest !== undefined;
  return isStale ? withAnswer(resource, 'switchover', lastRequest, undefined) : resource;
}
