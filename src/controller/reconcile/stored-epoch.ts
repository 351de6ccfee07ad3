import { highestEpoch } from '../../api/epoch.ts';
import type { Status } from '../../api/status.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';

/** Whether a service can be in this epoch: there must be a later one for its next failover. */
const isReached = (epoch: number) => epoch < highestEpoch;

/** The status with an epoch that never falls: one that was lowered by hand is raised again, and an impossibly high one is ignored. */
export function withStoredEpoch(
  resource: Resource,
  state: Pick<ReconcileState, 'epoch'>,
): Resource {
  const status = withoutInvalidEpochs(resource.status);
  const { epoch = 0, failovers = [] } = status;
  state.epoch = Math.max(state.epoch, epoch, ...failovers.map((record) => record.epoch));
  return {
    ...resource,
    status: state.epoch === epoch ? status : { ...status, epoch: state.epoch },
  };
}

/**
 * A status that was written before the schema had a highest epoch may have any epoch. Then the service counts as one in its first
 * epoch, and the epochs that its members have acknowledged tell the real one. Records of impossible epochs are dropped, as the API
 * server would refuse them.
 */
function withoutInvalidEpochs({ epoch, ledEpoch, fencing, failovers, ...rest }: Status): Status {
  return {
    ...rest,
    ...(epoch === undefined ? {} : { epoch: isReached(epoch) ? epoch : 1 }),
    ...(ledEpoch === undefined || !isReached(ledEpoch) ? {} : { ledEpoch }),
    ...(fencing === undefined || !isReached(fencing.epoch) ? {} : { fencing }),
    ...(failovers === undefined
      ? {}
      : { failovers: failovers.filter((record) => isReached(record.epoch)) }),
  };
}
