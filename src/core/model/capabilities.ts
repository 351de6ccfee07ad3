import type { EngineType } from '../../api/engine-spec.ts';
import { defaultAgentPort } from '../../protocol/member-protocol.ts';
import type { Spec } from '../../api/spec.ts';
import type { Member } from './observed.ts';
import { probePort } from './ports.ts';

/** What the operator must know of an engine to decide. What the agent must know of its program: src/protocol/agent-config.ts. */
interface Capabilities {
  /** The agent always runs beside the program. False: only if a lease must end the leader. */
  needsAgent: boolean;
  /** With LeaderFollower and Strong the leader asks followers for acknowledgements. False: the leader needs a lease. */
  hasQuorum: boolean;
  /** The leader counts the acknowledgements of the members of its sync set alone. False: of any follower. */
  countsByName: boolean;
  /** After a restart a member reports the position that it reported before. */
  positionsOutliveRestart: boolean;
  /** Without the agent, members speak the member protocol over gRPC. False: over HTTP. */
  speaksGrpc: boolean;
}

/** A program that is asked for its health, and that may speak the member protocol itself. */
const unmanaged: Capabilities = {
  needsAgent: false,
  hasQuorum: true,
  countsByName: true,
  positionsOutliveRestart: false,
  speaksGrpc: false,
};

/**
 * One row for each value of engine.type. No other file of the operator compares engine types: a decision that differs by engine
 * is a column here. `npm run check` refuses such a comparison elsewhere.
 */
const capabilities: Record<EngineType, Capabilities> = {
  // TCP has no member protocol, and so no leader that asks followers for anything.
  TCP: { ...unmanaged, hasQuorum: false },
  HTTP: unmanaged,
  GRPC: { ...unmanaged, speaksGrpc: true },
  Exec: {
    needsAgent: true,
    hasQuorum: false,
    countsByName: true,
    positionsOutliveRestart: false,
    speaksGrpc: false,
  },
  Redis: {
    needsAgent: true,
    hasQuorum: true,
    // WAIT counts every connected replica.
    countsByName: false,
    // The replication offset is in memory.
    positionsOutliveRestart: false,
    speaksGrpc: false,
  },
  Postgres: {
    needsAgent: true,
    hasQuorum: true,
    countsByName: true,
    positionsOutliveRestart: true,
    speaksGrpc: false,
  },
};

const capabilitiesOf = ({ engine }: Spec): Capabilities => capabilities[engine.type];

const isStrong = ({ failover }: Spec) => failover.consistency === 'Strong';

/** The operator puts its agent beside the program: to lead it, or to end it when its lease has run out. */
export const usesAgent = (spec: Spec): boolean =>
  capabilitiesOf(spec).needsAgent || (isStrong(spec) && spec.topology === 'ActivePassive');

/** Members report their state and take orders: by the agent, or because the program itself speaks the member protocol. */
export const speaksProtocol = (spec: Spec): boolean =>
  spec.topology !== 'ActiveActive' && (usesAgent(spec) || spec.topology === 'LeaderFollower');

/** Writes are acknowledged by a stated number of followers: what fences a leader is that they follow it no more. */
export const hasQuorum = (spec: Spec): boolean =>
  isStrong(spec) && spec.topology === 'LeaderFollower' && capabilitiesOf(spec).hasQuorum;

/** A leader ends by itself when the operator grants it no more time. */
export const needsLease = (spec: Spec): boolean =>
  isStrong(spec) && !hasQuorum(spec) && usesAgent(spec);

/** Strong: nobody is elected before the old primary is proved to take no writes. */
export const needsFence = (spec: Spec): boolean => hasQuorum(spec) || needsLease(spec);

/** Members speak the member protocol over gRPC: the agent never does. */
export const usesGrpc = (spec: Spec): boolean =>
  capabilitiesOf(spec).speaksGrpc && !usesAgent(spec);

/** The leader names whose acknowledgements it counts: a member that is not in the sync set is never counted. */
export const countsByName = (spec: Spec): boolean => capabilitiesOf(spec).countsByName;

/** A restart of a member loses nothing that a failover asks it for: it reports the same position again. */
export const positionsOutliveRestart = (spec: Spec): boolean =>
  capabilitiesOf(spec).positionsOutliveRestart;

export const agentPort = ({ engine }: Spec): number => engine.agentPort ?? defaultAgentPort;

/** It was made before the spec asked for an agent: it is a plain program, until it is replaced. */
export const lacksAgent = (spec: Spec, member: Pick<Member, 'agentPort'>): boolean =>
  usesAgent(spec) && member.agentPort === undefined;

/** It was made before the spec asked for a lease: no lease of it runs out. */
export const lacksLease = (spec: Spec, member: Pick<Member, 'leaseMs'>): boolean =>
  needsLease(spec) && member.leaseMs === undefined;

/** Where heartbeats and orders of a member go to, and whether it speaks the member protocol there: as its pod was made. */
export const contactOf = (
  spec: Spec,
  member: Pick<Member, 'agentPort'>,
): { port: number | undefined; speaksProtocol: boolean } => ({
  port: usesAgent(spec) ? (member.agentPort ?? probePort(spec)) : probePort(spec),
  speaksProtocol: speaksProtocol(spec) && !lacksAgent(spec, member),
});
