import { isHAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { Clock } from '../../lib/clock.ts';
import { monitoredMembers, standbyConfigOf } from '../observe/monitored-members.ts';
import { membersOf, observe, toResource } from '../observe/observe.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import { noteFencing } from './hear-members.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { withStoredEpoch } from './stored-epoch.ts';

/**
 * What a standby does in place of a reconcile: it hears the members and notes what it sees, so that nothing must be learned when it begins
 * to act. It decides, too, and discards the decision: the first one that counts is as fast as all others.
 */
export function standBy(key: string, object: HAService, options: ReconcilerOptions): void {
  const { stores, monitor, states, agentImage, clock, decide, activity } = options;
  const state = states.of(object.metadata.uid);
  let resource: Resource;
  try {
    resource = withStoredEpoch(toResource(object, agentImage), state);
  } catch (error) {
    if (!isHAError(error, 'HA_ERR_SPEC_INVALID')) throw error;
    return;
  }
  noteGeneration(state, resource, clock);
  const members = membersOf(resource, stores);
  const config = standbyConfigOf(resource, activity.isAlert);
  monitor.setMembers(key, monitoredMembers(resource, members), config);
  noteFencing(options, resource);
  const observed = observe(key, resource, members, { ...options, state, beginning: new Map() });
  decide(resource, observed, clock.wallNow());
}

/** Since when the spec is as it is. */
export function noteGeneration(
  state: Pick<ReconcileState, 'generation'>,
  { generation }: Resource,
  clock: Clock,
): void {
  if (state.generation?.number === generation) return;
  state.generation = { number: generation, sinceMs: clock.wallNow() };
}
