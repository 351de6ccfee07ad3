import { defaultAgentPort } from '../api/member-protocol.ts';
import type { Spec } from '../api/spec.ts';
import { probePort } from './ports.ts';

const isStrong = ({ failover }: Spec) => failover.consistency === 'Strong';

/** The operator puts its agent beside the program: to lead it, or to end it when its lease has run out. */
export function usesAgent(spec: Spec): boolean {
  const { type } = spec.engine;
  if (type === 'Redis' || type === 'Postgres' || type === 'Exec') return true;
  return isStrong(spec) && spec.topology === 'ActivePassive';
}

/** Members report their state and take orders: by the agent, or because the program itself speaks the member protocol. */
export const speaksProtocol = (spec: Spec): boolean =>
  spec.topology !== 'ActiveActive' && (usesAgent(spec) || spec.topology === 'LeaderFollower');

/** Writes are acknowledged by a stated number of followers: what fences a leader is that they follow it no more. */
export const hasQuorum = (spec: Spec): boolean =>
  isStrong(spec) && spec.topology === 'LeaderFollower' && spec.engine.type !== 'Exec';

/** A leader ends by itself when the operator grants it no more time. */
export const needsLease = (spec: Spec): boolean =>
  isStrong(spec) && !hasQuorum(spec) && usesAgent(spec);

/** Members speak the member protocol over gRPC: the agent never does. */
export const usesGrpc = (spec: Spec): boolean => spec.engine.type === 'GRPC' && !usesAgent(spec);

export const agentPort = ({ engine }: Spec): number => engine.agentPort ?? defaultAgentPort;

/** Port that heartbeats and orders go to. */
export const memberPort = (spec: Spec): number | undefined =>
  usesAgent(spec) ? agentPort(spec) : probePort(spec);
