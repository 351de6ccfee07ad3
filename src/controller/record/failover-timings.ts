import type { Clock } from '../../lib/clock.ts';
import type { Decision } from '../../core/model/decision.ts';
import { serviceNames } from '../../core/model/naming.ts';
import { contactOf } from '../../core/model/contact.ts';
import { isHealthy, primaryOf } from '../../core/model/member.ts';
import type { Member, Observed, Resource } from '../../core/model/observed.ts';
import { memberPorts, memberProbePort } from '../../core/model/ports.ts';
import { firstSuccess } from './first-success.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';

/** How long the first answer through the Service is waited for. */
const firstSuccessMs = 3_000;

/**
 * Records whether this process has heard the primary well. If it has not, as no operator ran while the primary failed, its outage may
 * have begun long before the verdict: what Kubernetes says of its pod is all that is known, and of a pod that is gone that is nothing.
 */
export function notePrimary(
  { primaryUID, fencing }: Resource['status'],
  { members }: Pick<Observed, 'members'>,
  state: Pick<ReconcileState, 'primarySign'>,
): void {
  if (primaryUID === undefined) {
    delete state.primarySign;
    return;
  }
  const before = state.primarySign?.uid === primaryUID ? state.primarySign : undefined;
  // It was heard.
  if (before !== undefined && before.lastMs === undefined) return;
  const primary = members.find(({ uid }) => uid === primaryUID);
  const known = primary?.unreadySinceMs ?? before?.lastMs ?? 'Unknown';
  // The process before this one has begun the failover, and has written when.
  const isFound = before === undefined && fencing !== undefined;
  const isHeard = isFound || (primary !== undefined && isHealthy(primary));
  state.primarySign = { uid: primaryUID, lastMs: isHeard ? undefined : known };
}

/**
 * Records when this process saw the end of the promotion: at once, if the primary needs no command. If the former primary leads again,
 * the Service may still point at it: then nothing is repointed.
 */
export function notePromotion(
  { epoch, fencing, primaryUID }: Resource['status'],
  { promoted }: Pick<Decision, 'promoted'>,
  { writeEndpoints }: Pick<Observed, 'writeEndpoints'>,
  { timings }: Pick<ReconcileState, 'timings'>,
  nowMs: number,
): void {
  if (timings === undefined || timings.epoch !== epoch || fencing !== undefined) return;
  if (!promoted) return;
  timings.promotedAtMs ??= nowMs;
  if (writeEndpoints?.join() === primaryUID) timings.repointedAtMs ??= nowMs;
}

/** Records when the write Service was repointed to the primary. `to`: the pods behind it now, by UID. */
export function noteRepoint(
  resource: Resource,
  to: readonly string[],
  state: ReconcileState,
  nowMs: number,
): void {
  const { timings } = state;
  if (timings === undefined || timings.repointedAtMs !== undefined) return;
  if (to.includes(resource.status.primaryUID ?? '')) timings.repointedAtMs = nowMs;
}

/** After the repoint of a failover: sends requests through the Service until one is answered, as a client would. Started once; returns at once. */
export function lookForSuccess(
  resource: Resource,
  members: Member[],
  state: ReconcileState,
  stores: Stores,
  clock: Clock,
  onFound: () => void,
): void {
  const { timings } = state;
  const record = resource.status.failovers?.[0];
  if (
    timings?.repointedAtMs === undefined ||
    timings.firstSuccessSought === true ||
    record?.epoch !== timings.epoch ||
    record.outcome !== 'Promoting'
  ) {
    return;
  }
  const { spec } = resource;
  const primary = primaryOf(resource, members);
  if (primary === undefined) return;
  const probed = memberProbePort(spec, primary);
  const port = memberPorts(spec, primary).find(
    (entry) => entry.protocol === 'TCP' && entry.targetPort === probed,
  );
  const { health: engine } = contactOf(spec, primary);
  const service = stores.services.get(resource.namespace, serviceNames(resource.name).write);
  const host = service?.spec?.clusterIP ?? '';
  timings.firstSuccessSought = true;
  if (port === undefined || host === '' || host === 'None') return;
  const signal = AbortSignal.any([state.stop.signal, AbortSignal.timeout(firstSuccessMs)]);
  void firstSuccess({ host, port: port.port, engine }, clock, signal).then((atMs) => {
    if (atMs === undefined) return;
    timings.firstSuccessAtMs = atMs;
    onFound();
  });
}
