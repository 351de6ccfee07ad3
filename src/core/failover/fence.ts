import type { FenceMethod } from '../../api/reasons.ts';
import type { SyncSet } from '../../protocol/member-protocol.ts';
import { hasQuorum, needsFence } from '../model/capabilities.ts';
import { lacksLease } from '../model/contact.ts';
import {
  hasEnded,
  isComplete,
  isFenced,
  isHealthy,
  isLive,
  isOld,
  reportOf,
} from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { positionOf } from '../model/position.ts';

/** The proof that the former primary can acknowledge no more writes; or what is missing for that proof. */
export type Fence =
  | { isProved: true; method: FenceMethod; proof: string }
  | { isProved: false; missing: string; untilMs?: number };

/**
 * Whether a member counts as one that no longer follows the old primary: it is healthy, fenced in this epoch, and its position is
 * known, because a member with more data than the others must not be ignored even if it cannot be elected. Used for the proof of a
 * fence, and to find the members that certainly hold every acknowledged write.
 *
 * The value of the position does not matter: an old or empty member reports none. A member that refuses all orders votes, too: it
 * follows no leader, whichever client has ordered that, and no order of this service makes it follow one again. It cannot be
 * elected, so that the elected member must hold all its data: see holders in fenced-failover.ts. A member without an agent reports
 * no state, and so has no vote.
 */
export const mayVote = (member: Member, epoch: number, { unsafe }: Observed): boolean =>
  isHealthy(member) &&
  (isFenced(reportOf(member), epoch) || unsafe === 'no-fence') &&
  positionOf(member) !== undefined;

/**
 * The former primary itself, fenced and with its data: it was elected because it held every write that was acknowledged before, and
 * it holds each write that it has acknowledged since, whether it has led or not, and whatever the others hold. If it had lost its
 * data it would be Empty, as there is no other leader yet that it could copy; if it came back with less, its report shows that.
 */
export const fencedLeader = (resource: Resource, observed: Observed, epoch: number) =>
  observed.members.find(
    (member) =>
      member.name === resource.status.primary &&
      isHealthy(member) &&
      isFenced(reportOf(member), epoch) &&
      isComplete(member),
  );

/** Proved by the report of the former primary itself, or by those of its followers. */
function byQuorum(resource: Resource, observed: Observed, epoch: number): Fence {
  const leader = fencedLeader(resource, observed, epoch);
  return leader === undefined
    ? byFollowers(resource, observed, epoch)
    : {
        isProved: true,
        method: 'Acknowledged',
        proof: `${leader.name} itself takes no writes since epoch ${epoch}`,
      };
}

/** How many members of a set must have stopped following, so that the others are too few to acknowledge a write. */
const votersNeeded = ({ members, acks }: SyncSet): number => members.length - acks + 1;

/** Whether these members prove the fence of a leader with this set, if they have stopped following. */
export const provesFence = (set: SyncSet, names: ReadonlySet<string>): boolean =>
  set.acks > 0 && set.members.filter((name) => names.has(name)).length >= votersNeeded(set);

/**
 * Whether so many followers have stopped following the old primary that the remaining ones are too few to acknowledge anything, and
 * that one of those that stopped holds every write that was ever acknowledged: R + W > N, for each set that may be in force
 * (Gifford, 1979, for the intersection of quorums).
 */
export function byFollowers(resource: Resource, observed: Observed, epoch: number): Fence {
  if (observed.unsafe === 'no-quorum') {
    return { isProved: true, method: 'Quorum', proof: 'none: HASERVICE_TEST_UNSAFE is set' };
  }
  const { syncSets = [], primary = '' } = resource.status;
  const voters = observed.members.filter((member) => mayVote(member, epoch, observed));
  const names = new Set(voters.map(({ name }) => name));
  for (const set of syncSets) {
    const fenced = set.members.filter((name) => names.has(name));
    const needed = votersNeeded(set);
    if (provesFence(set, names)) continue;
    const absent = set.members.filter((name) => !names.has(name));
    const itself = `${primary} itself must be back with its data${butIsOld(observed, primary)}`;
    const others = `${needed} of ${set.members.join(', ')} must stop following it and tell their position, and ${fenced.length === 0 ? 'none has' : `only ${fenced.join(', ')} has`}: ${absent.map((name) => `${name} ${whyNoVoter(observed, name, epoch)}`).join(', ')}`;
    return {
      isProved: false,
      missing:
        set.acks === 0
          ? `no follower had to acknowledge its writes, so that ${itself}`
          : `${others}; or ${itself}`,
    };
  }
  if (syncSets.length === 0) {
    return {
      isProved: false,
      missing: `${primary} must be back with its data: it had no followers`,
    };
  }
  const who = voters.map(({ name }) => name).join(', ');
  return {
    isProved: true,
    method: 'Quorum',
    proof: `${who} do not follow it any more since epoch ${epoch}, and it needs acknowledgements of ${syncSets.map(({ acks, members }) => `${acks} of ${members.join(', ')}`).join(' and of ')}`,
  };
}

const butIsOld = ({ members }: Observed, primary: string): string =>
  members.some((member) => member.name === primary && isHealthy(member) && isOld(member))
    ? ' (it is back, but was restarted before all that it held was on its disk)'
    : '';

function whyNoVoter(observed: Observed, name: string, epoch: number): string {
  const member = observed.members.find((each) => each.name === name);
  if (member === undefined) return 'is not there';
  const report = reportOf(member);
  if (member.health?.verdict === 'Dead' || report === undefined) {
    return member.health?.message ?? 'has not been heard';
  }
  if (report.state === 'Empty') return 'has no data';
  if (!isFenced(report, epoch)) return `has not answered yet (${report.state})`;
  return isOld(member)
    ? 'was restarted before all that it held was on its disk, and may have old data'
    : 'was restarted since it followed, or followed without an order, so that its position cannot be compared';
}

/**
 * The time from when process 1 stops listening until nothing of its container runs. A process that exits closes its files before the
 * kernel ends its remaining children (do_exit and zap_pid_ns_processes, in Linux), which takes a moment. Milliseconds.
 */
const exitMs = 100;

/** Proved by the end of the lease, or by the end of the process. */
function byLease(resource: Resource, observed: Observed, nowMs: number): Fence {
  const { primary = '', epoch = 0, primaryUID, fencing } = resource.status;
  const former = observed.members.find(({ uid }) => uid === primaryUID);
  if (observed.unsafe === 'no-fence') {
    return { isProved: true, method: 'Lease', proof: 'none: HASERVICE_TEST_UNSAFE is set' };
  }
  // Without an agent, the kubelet starts the program again, and it takes writes.
  const staysEnded = former !== undefined && (former.agentPort !== undefined || hasEnded(former));
  if (staysEnded && former.terminated === true) {
    return {
      isProved: true,
      method: 'Terminated',
      proof: `the kubelet says that ${primary} has ended`,
    };
  }
  const health = former?.health;
  // A refused connection on another port proves nothing: the agent may never have listened there.
  const isRefused =
    health?.verdict === 'Dead' &&
    health.cause === 'Refused' &&
    former?.agentPort !== undefined &&
    health.refusedPort === former.agentPort;
  const surelyMs = isRefused ? health.sinceWallMs + exitMs : Infinity;
  if (isRefused && nowMs >= surelyMs) {
    return {
      isProved: true,
      method: 'Terminated',
      proof: `process 1 of ${primary} has ended, and everything in its container with it: ${health.evidence}`,
    };
  }
  const report = reportOf(former);
  if (fencing !== undefined && isFenced(report, epoch)) {
    return {
      isProved: true,
      method: 'Acknowledged',
      proof: `${primary} itself says that it takes no writes since epoch ${epoch}`,
    };
  }
  if (former !== undefined && lacksLease(resource.spec, former)) {
    return {
      isProved: false,
      missing: isLive(former)
        ? `${primary} was made before it needed a lease, so that none runs out: it must acknowledge the new epoch, or its pod be gone`
        : `${primary} was made before it needed a lease, so that none runs out: its containers must have ended`,
    };
  }
  const leftMs = observed.leaseEndsInMs ?? Infinity;
  if (leftMs <= 0) {
    return { isProved: true, method: 'Lease', proof: `the lease of ${primary} has run out` };
  }
  const untilMs = Math.min(surelyMs, nowMs + Math.ceil(leftMs));
  return {
    isProved: false,
    missing: `the lease of ${primary} must run out (failover.leaseDuration), or its end be confirmed`,
    ...(Number.isFinite(untilMs) ? { untilMs } : {}),
  };
}

/** The spec needs a fence; or the pod that leads was made when the spec needed a lease, and leads until that has ended. */
export const mustFence = ({ spec }: Resource, { leaseEndsInMs }: Observed): boolean =>
  needsFence(spec) || leaseEndsInMs !== undefined;

/** Whether the present primary is fenced in the epoch of the status, and how that is proved. */
export function fenceOf(resource: Resource, observed: Observed, nowMs: number): Fence {
  const { spec, status } = resource;
  if (hasQuorum(spec)) return byQuorum(resource, observed, status.epoch ?? 0);
  if (mustFence(resource, observed)) return byLease(resource, observed, nowMs);
  return { isProved: true, method: 'Acknowledged', proof: 'failover.consistency is Eventual' };
}
