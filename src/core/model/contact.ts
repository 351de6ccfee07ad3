import type { HealthCheck, Hooks, PodContract, Transport } from '../../api/pod-contract.ts';
import type { Spec } from '../../api/spec.ts';
import { canonicalJson } from '../../lib/hash.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';
import { needsLease, speaksProtocol, usesAgent, usesGrpc } from './capabilities.ts';
import type { Member } from './observed.ts';
import { hasOtherPorts, memberProbePort, portsOf } from './ports.ts';

/*
 * How a member is reached and asked, and what its pod can do. All of that follows from how its pod was made: from its own spec (the
 * settings of its agent) and its contract. The present spec only says how the next pod is made, and answers for pods of an earlier
 * version, whose contract does not say how they are asked. No other file asks the spec about a pod that runs.
 */

/** What is known of how a pod was made. */
export type Made = Pick<Member, 'agentPort' | 'isAgentUnseen' | 'leaseMs' | 'contract'>;

/** How a pod without an agent is asked. */
type Asked = Pick<PodContract, 'hooks' | 'protocol'> & { health: HealthCheck };

/** Without what is the default anyway, so that a user who writes a default down changes nothing. */
function healthOf({ engine }: Spec): HealthCheck {
  const { type, tcp, http, grpc } = engine;
  const isDefault = http?.path === '/' && http.host === undefined;
  return {
    type,
    ...(tcp === undefined ? {} : { tcp }),
    ...(http === undefined || isDefault ? {} : { http }),
    ...(grpc === undefined || grpc.service === '' ? {} : { grpc }),
  };
}

function hooksIn({ engine }: Spec): Hooks {
  const { promote, demote } = engine;
  return {
    ...(promote === undefined ? {} : { promote }),
    ...(demote === undefined ? {} : { demote }),
  };
}

/** How a new pod is asked, if it has no agent. */
function askedOf(spec: Spec): Asked {
  if (speaksProtocol(spec) && !usesAgent(spec)) {
    return { health: { type: spec.engine.type }, protocol: usesGrpc(spec) ? 'grpc' : 'http' };
  }
  const hooks = hooksIn(spec);
  return { health: healthOf(spec), ...(Object.keys(hooks).length === 0 ? {} : { hooks }) };
}

/** The contract of a pod that is created now. */
export const contractOf = (spec: Spec): PodContract => ({
  ...portsOf(spec),
  ...(knowsItsProgram(spec) ? { replicationUser: true } : {}),
  ...(usesAgent(spec) ? {} : askedOf(spec)),
});

/** Undefined: the pod was made by an earlier version, which did not write that down. */
function askedAs({ contract }: Made): Asked | undefined {
  const { health, hooks, protocol } = contract ?? {};
  if (health === undefined) return undefined;
  return {
    health,
    ...(hooks === undefined ? {} : { hooks }),
    ...(protocol === undefined ? {} : { protocol }),
  };
}

const askedNow = (spec: Spec, member: Made): Asked => askedAs(member) ?? askedOf(spec);

/** Over which a member reports its state and takes orders; undefined: it does neither. An agent speaks HTTP. */
export const transportOf = (spec: Spec, member: Made): Transport | undefined =>
  member.agentPort === undefined ? askedNow(spec, member).protocol : 'http';

/** The hooks by which a member learns its role, if it takes no orders. */
export const hooksOf = (spec: Spec, member: Made): Hooks => askedNow(spec, member).hooks ?? {};

/** Where and how a member is asked for its health or its report, and where its orders are sent. */
export interface Contact {
  /** Undefined: nobody knows where to ask the member. */
  port: number | undefined;
  /** Absent: the member does not speak the member protocol. */
  transport?: Transport;
  /** Of its program: asked by the operator, if the member does not speak the member protocol. */
  health: HealthCheck;
  /** Duration of the lease with which it leads; absent: it leads without one. Milliseconds. */
  leaseMs?: number;
}

export function contactOf(spec: Spec, member: Made): Contact {
  const transport = transportOf(spec, member);
  const { leaseMs, agentPort, isAgentUnseen = false } = member;
  return {
    // Its program would answer without a report, and nothing would show what data it has.
    port: isAgentUnseen ? undefined : (agentPort ?? memberProbePort(spec, member)),
    ...(transport === undefined ? {} : { transport }),
    health: askedNow(spec, member).health,
    ...(leaseMs === undefined ? {} : { leaseMs }),
  };
}

/** The spec asks for members that take orders, and this one was made before: it takes none until it is replaced. */
export const takesNoOrders = (spec: Spec, member: Made): boolean =>
  speaksProtocol(spec) && transportOf(spec, member) === undefined && member.isAgentUnseen !== true;

/** The pod was created before the spec required a lease: no lease stops its program. */
export const lacksLease = (spec: Spec, member: Made): boolean =>
  needsLease(spec) && member.leaseMs === undefined;

/**
 * The pod was made by another contract than a new pod would get. Only ports, and the health check and hooks of a pod without an agent,
 * are compared here: the rest is in the template's hash. A pod of an earlier version has no health check in its contract, and is not
 * replaced for that.
 */
export function hasOtherContract(spec: Spec, member: Made): boolean {
  if (hasOtherPorts(spec, member)) return true;
  const asked = member.agentPort === undefined ? askedAs(member) : undefined;
  return (
    asked !== undefined && !usesAgent(spec) && canonicalJson(asked) !== canonicalJson(askedOf(spec))
  );
}
