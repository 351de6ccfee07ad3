import type { MemberReport } from '../../src/protocol/member-protocol.ts';
import type { AgentPod } from './agent-types.ts';
import type { Following } from './following.ts';
import type { Leadership } from './leadership.ts';
import type { MemberBehaviour } from './setups.ts';
import { type Volume, positionOf } from './volume.ts';

interface Reporting {
  behaviour: MemberBehaviour;
  volume: Volume;
  pod: AgentPod;
  state: MemberReport['state'];
  leadership: Leadership | undefined;
  following: Following | undefined;
}

/** What a member says of itself. */
export function reportOf(agent: Reporting, nonce: string): MemberReport {
  const { behaviour, volume, pod, state, leadership, following } = agent;
  const { epoch, ledEpoch, loss, data, onDisk } = volume;
  // Its program may have made it a copy without an order: the agent finds the log being rewritten.
  if (behaviour.forgetsPosition && onDisk !== undefined && following !== undefined) {
    volume.isMarked = true;
  }
  const hasPosition =
    behaviour.replicates &&
    data !== undefined &&
    !data.isForgotten &&
    state !== 'Cloning' &&
    state !== 'Starting';
  const position = hasPosition ? positionOf(data, behaviour) : undefined;
  return {
    uid: pod.uid,
    state,
    epoch,
    ledEpoch: data === undefined && behaviour.replicates ? 0 : ledEpoch,
    ...(following === undefined ? {} : { leader: following.order.leader.member }),
    ...(state === 'Following' && behaviour.replicates
      ? { linked: following?.linked !== false }
      : {}),
    ...(position === undefined ? {} : { position }),
    ...(leadership?.sync === undefined ? {} : { sync: leadership.sync }),
    ...(loss === undefined ? {} : { loss }),
    ...(data !== undefined && volume.isMarked ? { durable: false } : {}),
    nonce,
  };
}
