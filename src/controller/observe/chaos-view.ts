import { scheduleOf } from '../../calendar/schedule.ts';
import { longestMs } from '../../api/chaos-spec.ts';
import type { Experiment } from '../../api/chaos-status.ts';
import { durationMs } from '../../api/duration.ts';
import { latestMs } from '../../core/chaos/next-time.ts';
import { zonesOf } from '../../core/chaos/records.ts';
import type { ChaosView } from '../../core/model/chaos-view.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { LiveSettings } from '../state/settings.ts';
import type { Stores } from '../state/stores.ts';
import { storedChaos } from './stored-status.ts';

export interface ChaosContext {
  stores: Stores;
  settings: Pick<LiveSettings, 'known' | 'current' | 'problem'>;
  state: ReconcileState;
  /** Experiments that a reconcile of this process has decided to begin, and perhaps not written yet: zones by UID of the resource. */
  beginning: ReadonlyMap<string, string[]>;
}

/** What experiments with this service depend on; undefined if its spec has no `chaos`. */
export function chaosViewOf(
  resource: Resource,
  { stores, settings, state, beginning }: ChaosContext,
  nowMs: number,
): ChaosView | undefined {
  const { chaos } = resource.spec;
  if (chaos === undefined) return undefined;
  const { optedOutNamespaces } = stores;
  return {
    schedule: scheduleOf(chaos, nowMs),
    limits: settings.known ? settings.current.chaos : undefined,
    ...(settings.problem === undefined ? {} : { settingsProblem: settings.problem }),
    others: othersOf(resource, stores, beginning, nowMs),
    isOptedOut: optedOutNamespaces.isComplete
      ? optedOutNamespaces.get(undefined, resource.namespace) !== undefined
      : undefined,
    ...(state.injection === undefined ? {} : { injection: state.injection }),
    ...(state.steadyStateProbe === undefined ? {} : { probe: state.steadyStateProbe }),
  };
}

/**
 * Whether an experiment counts for the limits: from its announcement until it must have ended. The operator cannot end one whose spec
 * has become invalid, and that must not stop all others.
 */
function counts({ startsAt, objective }: Experiment, nowMs: number): boolean {
  const sinceMs = nowMs - Date.parse(startsAt);
  return sinceMs >= -longestMs && sinceMs < durationMs(objective) + latestMs;
}

function othersOf(
  { uid }: Resource,
  { resources }: Stores,
  beginning: ReadonlyMap<string, string[]>,
  nowMs: number,
): string[][] {
  const others = new Map(beginning);
  for (const { metadata, status } of resources.list()) {
    if (status?.chaos?.experiment === undefined || metadata.deletionTimestamp !== undefined)
      continue;
    const { experiment } = storedChaos(status.chaos);
    if (experiment === undefined || !counts(experiment, nowMs)) continue;
    others.set(metadata.uid, zonesOf(experiment));
  }
  others.delete(uid);
  return [...others.values()];
}
