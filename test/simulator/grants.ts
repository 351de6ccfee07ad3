import { needsLease } from '../../src/core/model/capabilities.ts';
import type { ProbeTarget } from '../../src/member-client/probe.ts';
import { leaseHeader } from '../../src/protocol/member-protocol.ts';
import type { ApiServer } from './api-server.ts';

/** A mutant: heartbeats to this member renew its lease only while the spec of this minute asks for leases. */
export function grantsBySpec({ protocol, ...target }: ProbeTarget, api: ApiServer): ProbeTarget {
  if (protocol === undefined) return target;
  const headers = (): Record<string, string> => {
    const { [leaseHeader]: grant, ...others } = protocol.headers();
    return grant !== undefined && needsLease(api.service.spec)
      ? { ...others, [leaseHeader]: grant }
      : others;
  };
  return { ...target, protocol: { ...protocol, headers } };
}
