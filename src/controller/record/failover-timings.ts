import type { Clock } from '../../lib/clock.ts';
import { serviceNames } from '../../core/model/naming.ts';
import type { Observed, Resource } from '../../core/model/observed.ts';
import { probePort, resolvePorts } from '../../core/model/ports.ts';
import { firstSuccess } from './first-success.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { Stores } from '../state/stores.ts';

/** How long the first answer through the Service is looked for. */
const firstSuccessMs = 3_000;

/** Notes when this process saw the promotion done: at once, where nobody needs to be told. */
export function notePromotion(
  resource: Resource,
  observed: Observed,
  memory: ReconcileState,
  nowMs: number,
): void {
  const { timeline } = memory;
  if (timeline === undefined || timeline.promotedAtMs !== undefined) return;
  const told = observed.roleCommands.some(
    ({ action, state, epoch }) =>
      action === 'promote' && state === 'Done' && epoch === timeline.epoch,
  );
  if (told || resource.spec.engine.promote === undefined) timeline.promotedAtMs = nowMs;
}

/** Notes when the write Service was pointed at the primary. `to`: the pods that it holds now, by UID. */
export function noteRepoint(
  resource: Resource,
  to: readonly string[],
  memory: ReconcileState,
  nowMs: number,
): void {
  const { timeline } = memory;
  if (timeline === undefined || timeline.repointedAtMs !== undefined) return;
  if (to.includes(resource.status.primaryUID ?? '')) timeline.repointedAtMs = nowMs;
}

/** After the repoint of a failover: asks through the Service until somebody answers, as a client would. */
export function lookForSuccess(
  resource: Resource,
  memory: ReconcileState,
  stores: Stores,
  clock: Clock,
  onSettled: () => void,
): void {
  const { timeline } = memory;
  const record = resource.status.failovers?.[0];
  if (
    timeline?.repointedAtMs === undefined ||
    timeline.firstSuccessSought === true ||
    record?.epoch !== timeline.epoch ||
    record.outcome !== 'Promoting'
  ) {
    return;
  }
  const { engine } = resource.spec;
  const probed = probePort(resource.spec);
  const port = resolvePorts(resource.spec).ports.find(
    (entry) => entry.protocol === 'TCP' && entry.targetPort === probed,
  );
  const service = stores.services.get(resource.namespace, serviceNames(resource.name).write);
  const host = service?.spec?.clusterIP ?? '';
  timeline.firstSuccessSought = true;
  if (port === undefined || host === '' || host === 'None') return;
  const signal = AbortSignal.any([memory.stop.signal, AbortSignal.timeout(firstSuccessMs)]);
  void firstSuccess({ host, port: port.port, engine }, clock, signal).then((atMs) => {
    if (atMs === undefined) return;
    timeline.firstSuccessAtMs = atMs;
    onSettled();
  });
}
