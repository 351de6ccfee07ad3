import { durationMs } from '../../api/duration.ts';
import { contactOf, needsLease, speaksProtocol, usesGrpc } from '../../core/model/capabilities.ts';
import type { Member, Resource } from '../../core/model/observed.ts';
import type { MonitorConfig, ProtocolConfig } from '../../heartbeat/health.ts';
import type { MonitoredMember } from '../../heartbeat/monitor.ts';

/** Whom the monitor is to ask, and where. Pods that are being deleted are asked to the end: their answers still count. */
export const monitoredMembers = ({ spec }: Resource, members: Member[]): MonitoredMember[] =>
  members.flatMap((member) => {
    const { uid, name, ip } = member;
    const { port, ...contact } = contactOf(spec, member);
    return ip === undefined || port === undefined
      ? []
      : [{ uid, name, host: ip, port, ...contact }];
  });

/** How the monitor is to ask them, and who is granted a lease. */
export function monitorConfigOf(resource: Resource): MonitorConfig {
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
    ...(speaksProtocol(resource.spec) ? { protocol: protocolOf(resource) } : {}),
  };
}

function protocolOf({ spec, status }: Resource): ProtocolConfig {
  const { epoch = 0, primaryUID, fencing } = status;
  const grpc = usesGrpc(spec);
  if (!needsLease(spec)) return { epoch, grpc };
  // A primary that is being fenced gets no more time: a lease that goes on would hold up the failover.
  const holder = fencing === undefined ? primaryUID : undefined;
  return { epoch, grpc, lease: { ms: durationMs(spec.failover.leaseDuration), holder } };
}
