import { durationMs } from '../../api/duration.ts';
import { contactOf } from '../../core/model/contact.ts';
import type { Member, Resource } from '../../core/model/observed.ts';
import { replicationPassword, sharedPassword } from '../../core/model/shared-password.ts';
import { isActive } from '../../core/model/topology.ts';
import type { MonitorConfig } from '../../heartbeat/health.ts';
import type { MonitoredMember } from '../../heartbeat/monitor.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';

/** The members that the monitor is to probe, and how. Pods that are being deleted are probed until they are gone: their answers still count. */
export const monitoredMembers = ({ spec }: Resource, members: Member[]): MonitoredMember[] =>
  members.flatMap((member) => {
    const { uid, name, ip } = member;
    const { port, health, ...contact } = contactOf(spec, member);
    return ip === undefined || port === undefined
      ? []
      : [{ uid, name, host: ip, port, engine: health, ...contact }];
  });

/**
 * How the monitor is to judge them, and which member is granted a lease.
 * @param reports the last report of each member, in their order
 * @param earlierHolder see earlierLeaseHolder
 */
export function monitorConfigOf(
  resource: Resource,
  members: readonly Member[],
  reports: readonly (MemberReport | undefined)[],
  earlierHolder?: string,
): MonitorConfig {
  const { status, spec } = resource;
  const { heartbeat } = spec;
  const { epoch = 0, primaryUID, fencing } = status;
  // ActiveActive has no primary. One from before leads on until it is replaced, as there is no election.
  const leading = members.find((_, i) => reports[i]?.state === 'Leading');
  const leader = isActive(resource) ? leading?.uid : (primaryUID ?? earlierHolder);
  return {
    detector: {
      kind: heartbeat.detector,
      intervalMs: durationMs(heartbeat.interval),
      timeoutMs: durationMs(heartbeat.timeout),
      phiThreshold: heartbeat.phiThreshold,
      failureThreshold: heartbeat.failureThreshold,
    },
    protocol: {
      epoch,
      password: sharedPassword(resource, reports),
      replicationPassword: replicationPassword(resource, members),
      // A primary that is being fenced is granted no more leases: a renewed lease would delay the failover.
      leaseHolder: fencing === undefined ? leader : undefined,
    },
  };
}
