import { durationMs } from '../../api/duration.ts';
import { contractAnnotation } from '../../api/labels.ts';
import type { Action } from '../model/action.ts';
import { unwrittenContract } from '../model/contact.ts';
import { isHealthy } from '../model/member.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { templateHash } from './pod.ts';

/** How long members must have answered the check of one and the same spec before that is taken for what they were made as. Milliseconds. */
const provenMs = 30_000;

/**
 * A pod without an agent that an earlier version made does not say how it is asked, so that it is asked as the spec of this minute says: one
 * wrong edit turned all of them unhealthy. So the operator writes down for each pod how it is asked, as soon as the answers have proved
 * that. Later edits are a rolling update, as for all other pods. The pod is not restarted.
 *
 * The ports of the Services are left out, but for the one that is probed: nothing proves them.
 */
export function recordContracts(
  resource: Resource,
  { members, generationSinceMs = Infinity }: Observed,
  nowMs: number,
): { actions: Action[]; requeueAtMs?: number } {
  const { spec } = resource;
  const { interval, timeout, failureThreshold } = spec.heartbeat;
  // Wrong answers are a verdict only after some heartbeats: until then the verdict is about the check of the last spec.
  const judgedMs = failureThreshold * durationMs(interval) + 2 * durationMs(timeout);
  const actions: Action[] = [];
  let requeueAtMs = Infinity;
  for (const member of members) {
    const contract = unwrittenContract(spec, member);
    if (contract === undefined || member.templateHash !== templateHash(spec)) continue;
    if (!isHealthy(member) || member.health?.verdict !== 'Healthy') continue;
    const sinceMs = Math.max(generationSinceMs, member.health.sinceWallMs);
    const dueMs = sinceMs + Math.max(provenMs, judgedMs);
    const annotations = { [contractAnnotation]: JSON.stringify(contract) };
    if (nowMs >= dueMs) actions.push({ type: 'AnnotatePod', member, annotations });
    else requeueAtMs = Math.min(requeueAtMs, dueMs);
  }
  return { actions, ...(Number.isFinite(requeueAtMs) ? { requeueAtMs } : {}) };
}
