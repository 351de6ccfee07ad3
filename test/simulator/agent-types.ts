import { agentOf } from '../../src/core/resources/agent-settings.ts';
import type { Pod } from '../../src/kube/api-types.ts';
import type { MemberReport, Rejection } from '../../src/protocol/member-protocol.ts';

/** Where a process runs. */
export interface AgentPod {
  name: string;
  uid: string;
  place: string;
  ip: string;
  /** Where its program listens. */
  port: number;
  /** What its program answers if it is well. */
  answer: string | undefined;
  /** Where its agent listens; undefined: it was made without one, and is a program that takes writes whoever asks. */
  agentPort: number | undefined;
  /** The most time that one grant gives it. */
  leaseMs: number;
}

/** A process is what its pod was made as: that stands in the pod's own spec. */
export function madeAs(pod: Pod): Pick<AgentPod, 'port' | 'answer' | 'agentPort' | 'leaseMs'> {
  const { agentPort, leaseMs = 0, contract } = agentOf(pod.spec ?? {});
  const [, port, text] = pod.spec?.containers[0]?.command ?? [];
  const made = agentPort === undefined ? Number(port) : contract?.probePort;
  if (made === undefined) throw new Error(`${pod.metadata?.name} has no port`);
  const answer = agentPort === undefined ? text : contract?.health?.tcp?.expect;
  return { port: made, answer, agentPort, leaseMs };
}

export type Answer = { report: MemberReport } | { refusal: Rejection; report: MemberReport };
