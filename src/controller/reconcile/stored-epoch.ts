import { highestEpoch } from '../../api/epoch.ts';
import type { Status } from '../../api/status.ts';
import type { Resource } from '../../core/model/observed.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';

/** Whether a service may have got there: there must be an epoch left to go on with. */
const isReached = (epoch: number) => epoch < highestEpoch;

/** An epoch that somebody has lowered by hand is raised again, and one that no service gets to is not believed. */
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
 * A status from before the schema had a highest epoch may name any. Then the service counts as one in its first: what its members
 * have acknowledged says how far it has got. What was written down of such an epoch is dropped, as the API server would take none of it.
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
