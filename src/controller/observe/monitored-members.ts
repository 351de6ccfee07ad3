import { durationMs } from '../../api/duration.ts';
import { contactOf, needsLease, speaksProtocol, usesGrpc } from '../../core/model/capabilities.ts';
import type { Member, Resource } from '../../core/model/observed.ts';
import { sharedPassword } from '../../core/model/shared-password.ts';
import type { MonitorConfig, ProtocolConfig } from '../../heartbeat/health.ts';
import type { MonitoredMember } from '../../heartbeat/monitor.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';

/** The members that the monitor is to probe, and where. Pods that are being deleted are probed until they are gone: their answers still count. */
export const monitoredMembers = ({ spec }: Resource, members: Member[]): MonitoredMember[] =>
  members.flatMap((member) => {
    const { uid, name, ip } = member;
    const { port, ...contact } = contactOf(spec, member);
    return ip === undefined || port === undefined
      ? []
      : [{ uid, name, host: ip, port, ...contact }];
  });

/**
 * How the monitor is to probe them, and which member is granted a lease.
 * @param reports the last report of each member
 */
export function monitorConfigOf(
  resource: Resource,
  reports: readonly (MemberReport | undefined)[],
): MonitorConfig {
  const { engine, heartbeat } = resource.spec;
  return {
    engine,
    detector: {
      kind: heartbeat.detector,
      intervalMs: durationMs(heartbeat.interval),
      timeoutMs: durationMs(heartbeat.timeout),
      phiThreshold: heartbeat.phiThreshold,
      failureThreshold: heartbeat.failureThreshold,
    },
    ...(speaksProtocol(resource.spec) ? { protocol: protocolOf(resource, reports) } : {}),
  };
}

function protocolOf(
  resource: Resource,
  reports: readonly (MemberReport | undefined)[],
): ProtocolConfig {
  const { spec, status } = resource;
  const { epoch = 0, primaryUID, fencing } = status;
  const common = { epoch, grpc: usesGrpc(spec), password: sharedPassword(resource, reports) };
  if (!needsLease(spec)) return common;
  // A primary that is being fenced is granted no more leases: a renewed lease would delay the failover.
  const holder = fencing === undefined ? primaryUID : undefined;
  return { ...common, lease: { ms: durationMs(spec.failover.leaseDuration), holder } };
}
