import { defaultAgentPort } from '../../protocol/member-protocol.ts';
import type { Spec } from '../../api/spec.ts';
import type { Member } from './observed.ts';
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

/** Strong: nobody is elected before the old primary is proved to take no writes. */
export const needsFence = (spec: Spec): boolean => hasQuorum(spec) || needsLease(spec);

/** Members speak the member protocol over gRPC: the agent never does. */
export const usesGrpc = (spec: Spec): boolean => spec.engine.type === 'GRPC' && !usesAgent(spec);

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
): { port: number | undefined; isLed: boolean } => ({
  port: usesAgent(spec) ? (member.agentPort ?? probePort(spec)) : probePort(spec),
  isLed: speaksProtocol(spec) && !lacksAgent(spec, member),
});
