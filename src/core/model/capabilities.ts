import type { EngineType } from '../../api/engine-spec.ts';
import { defaultAgentPort } from '../../protocol/member-protocol.ts';
import type { Spec } from '../../api/spec.ts';

/** What the operator's decisions depend on in an engine. What the agent must know of its program is in src/protocol/agent-config.ts. */
interface Capabilities {
  /** The agent always runs beside the program. False: only if a lease must end the leader. */
  needsAgent: boolean;
  /** With LeaderFollower and Strong the leader waits for acknowledgements of followers. False: the leader needs a lease. */
  hasQuorum: boolean;
  /** The leader counts the acknowledgements of the members of its sync set alone. False: of any follower. */
  countsByName: boolean;
  /** After a restart a member reports the position that it reported before. */
  positionsOutliveRestart: boolean;
  /** Without the agent, members speak the member protocol over gRPC. False: over HTTP. */
  speaksGrpc: boolean;
  /** It can be configured to ask clients for a password, and admits everybody without one. */
  isOpenWithoutPassword: boolean;
}

/** A program without an agent: it is probed for its health, and may speak the member protocol itself. */
const unmanaged: Capabilities = {
  needsAgent: false,
  hasQuorum: true,
  countsByName: true,
  positionsOutliveRestart: false,
  speaksGrpc: false,
  isOpenWithoutPassword: false,
};

/**
 * One row for each value of engine.type. No other file of the operator compares engine types: a decision that differs by engine
 * is a column here. `npm run check` refuses such a comparison elsewhere.
 */
const capabilities: Record<EngineType, Capabilities> = {
  // TCP has no member protocol, and so no leader that waits for acknowledgements.
  TCP: { ...unmanaged, hasQuorum: false },
  HTTP: unmanaged,
  GRPC: { ...unmanaged, speaksGrpc: true },
  Exec: {
    needsAgent: true,
    hasQuorum: false,
    countsByName: true,
    positionsOutliveRestart: false,
    speaksGrpc: false,
    isOpenWithoutPassword: false,
  },
  Redis: {
    needsAgent: true,
    hasQuorum: true,
    // WAIT counts every connected replica.
    countsByName: false,
    // The replication offset is in memory.
    positionsOutliveRestart: false,
    speaksGrpc: false,
    isOpenWithoutPassword: true,
  },
  Postgres: {
    needsAgent: true,
    hasQuorum: true,
    countsByName: true,
    positionsOutliveRestart: true,
    speaksGrpc: false,
    isOpenWithoutPassword: false,
  },
};

const capabilitiesOf = ({ engine }: Spec): Capabilities => capabilities[engine.type];

const isStrong = ({ failover }: Spec) => failover.consistency === 'Strong';

/** The operator puts its agent into the pod: to control the program, or to stop it when its lease has ended. */
export const usesAgent = (spec: Spec): boolean =>
  capabilitiesOf(spec).needsAgent || (isStrong(spec) && spec.topology === 'ActivePassive');

/** Members report their state and take orders: by the agent, or because the program itself speaks the member protocol. */
export const speaksProtocol = (spec: Spec): boolean =>
  spec.topology !== 'ActiveActive' && (usesAgent(spec) || spec.topology === 'LeaderFollower');

/** A stated number of followers acknowledges each write: a leader is fenced when too few of them follow it. */
export const hasQuorum = (spec: Spec): boolean =>
  isStrong(spec) && spec.topology === 'LeaderFollower' && capabilitiesOf(spec).hasQuorum;

/** A leader stops by itself when the operator does not renew its lease. */
export const needsLease = (spec: Spec): boolean =>
  isStrong(spec) && !hasQuorum(spec) && usesAgent(spec);

/** Strong: no member is elected before it is proved that the old primary takes no writes. */
export const needsFence = (spec: Spec): boolean => hasQuorum(spec) || needsLease(spec);

/** Members speak the member protocol over gRPC: the agent never does. */
export const usesGrpc = (spec: Spec): boolean =>
  capabilitiesOf(spec).speaksGrpc && !usesAgent(spec);

/** Whoever reaches the port may do everything: the program asks for no password, and could. */
export const isOpenToAll = (spec: Spec): boolean =>
  capabilitiesOf(spec).isOpenWithoutPassword && spec.engine.passwordSecret === undefined;

/** The leader names whose acknowledgements it counts: a member that is not in the sync set is never counted. */
export const countsByName = (spec: Spec): boolean => capabilitiesOf(spec).countsByName;

/** A restarted member reports the same position again, so that a failover can compare it. */
export const positionsOutliveRestart = (spec: Spec): boolean =>
  capabilitiesOf(spec).positionsOutliveRestart;

export const agentPort = ({ engine }: Spec): number => engine.agentPort ?? defaultAgentPort;
