import { agentVolume } from '../../protocol/agent-config.ts';
import type { ContainerEnd } from './container-state.ts';
import { healthOf, reportOf } from './member.ts';
import type { Member, Resource } from './observed.ts';

/** The kubelet reports the end of a container by whole seconds, and a verdict comes before or after it. Milliseconds. */
const nearMs = 10_000;
/** The kubelet forgets the earlier ends of a container that has run for so long. Milliseconds. */
const forgottenMs = 600_000;
/** What the shell, the agent and Kubernetes call the end by SIGKILL. */
const killedCode = 137;

/** Words of container runtimes: a limit may be too low for the start of any process. */
export const namesOomKill = (message: string): boolean =>
  /OOM-killed|memory limit\b.*\btoo low/i.test(message);

/** It is certain that the container has ended for its memory. What a program says of itself is no proof. */
export const isOomKilled = ({ reason, message = '' }: ContainerEnd): boolean =>
  reason === 'OOMKilled' || (reason !== 'Error' && namesOomKill(message));

/** The field that sets the resources of the agent's init container. */
export const agentField = 'spec.agent.resources';

/** The field that sets how much memory a container may have. */
export const limitField = (container: string): string =>
  container === agentVolume
    ? agentField
    : `resources.limits.memory of container ${container} in spec.template`;

function memoryClause(end: ContainerEnd): string {
  const { container, exitCode, memoryLimit } = end;
  const raise = `raise ${limitField(container)}`;
  if (isOomKilled(end)) {
    return memoryLimit === undefined
      ? ' (the memory of its pod or node is used up)'
      : ` (it needs more memory than its limit of ${memoryLimit}: ${raise})`;
  }
  return exitCode === killedCode && memoryLimit !== undefined
    ? ` (killed by signal 9; its memory limit is ${memoryLimit}: if that is too low, ${raise})`
    : '';
}

/** Words of container runtimes for an end before the first instruction of the program, which so has no log. */
const neverRan = new Set(['StartError', 'ContainerCannotRun']);

/** What is said of an end, in one line: the cause is at its end. Characters. */
const saidLength = 400;

function saidClause({ reason, message = '' }: ContainerEnd): string {
  const line = message.replaceAll(/\s+/g, ' ').trim();
  if (line === '') return '';
  const said = line.length > saidLength ? `...${line.slice(-saidLength).toWellFormed()}` : line;
  return `, ${reason === 'Error' ? 'its last words' : 'the container runtime says'}: ${said}`;
}

/**
 * How the last process of a container ended, in a clause for a person, with what was said of that, and the command that shows its log.
 *
 * @param end absent: the latest one of any container
 */
export function describeEnd(
  { namespace }: Resource,
  { name, lastEnd }: Member,
  end = lastEnd,
): string | undefined {
  if (end === undefined) return undefined;
  const { container, reason, exitCode, finishedAtMs, count } = end;
  const ended = count > 1 ? `ended ${count} times, last at` : 'ended at';
  const how = `container ${container} of ${name} ${ended} ${new Date(finishedAtMs).toISOString()}: ${reason}${memoryClause(end)}, exit code ${exitCode}${saidClause(end)}`;
  if (neverRan.has(reason)) {
    // Of the agent's container the spec sets the resources alone, and memoryClause names those.
    const advice = `correct container ${container} in spec.template, such as its command`;
    return isOomKilled(end) || container === agentVolume ? how : `${how}; ${advice}`;
  }
  return `${how}; see \`kubectl logs -p ${name} -c ${container} -n ${namespace}\``;
}

/** The same, if the end was near that time: it explains what was seen then. */
export const describeEndAt = (
  resource: Resource,
  member: Member,
  atMs: number,
): string | undefined =>
  member.lastEnd !== undefined && Math.abs(member.lastEnd.finishedAtMs - atMs) <= nearMs
    ? describeEnd(resource, member)
    : undefined;

/** Until when an end explains that the member is not heard: after that its container has run for so long. Epoch milliseconds. */
export const endTellsUntilMs = ({ lastEnd }: Member): number =>
  (lastEnd?.finishedAtMs ?? -Infinity) + forgottenMs;

/** Until when ends of a container count that ends again and again; undefined: it does not. Epoch milliseconds. */
export function endsAgainUntilMs(member: Member, nowMs: number): number | undefined {
  const { lastEnd, health } = member;
  if (lastEnd === undefined || lastEnd.count < 2) return undefined;
  const verdict = healthOf(member);
  // One that answers in between, and has not started its program.
  const isStarting = verdict === 'Healthy' && reportOf(member)?.state === 'Starting';
  if (!isStarting && verdict !== 'Unknown' && verdict !== 'Dead') return undefined;
  // Another operator process may have heard it since.
  const sinceMs = health?.sinceWallMs ?? nowMs;
  const isNear = lastEnd.finishedAtMs >= sinceMs - nearMs;
  const isUnheard = verdict === 'Unknown' && nowMs >= sinceMs + nearMs;
  return isStarting || isNear || isUnheard ? endTellsUntilMs(member) : undefined;
}
