import type { AgentPod } from './agent-types.ts';
import type { Leader } from './following.ts';
import type { Kernel } from './kernel.ts';
import type { Network } from './network.ts';
import type { MemberBehaviour } from './setups.ts';
import type { Volume } from './volume.ts';

/** The process of a member, as the others see it. */
interface AgentProcess extends Leader {
  readonly pod: AgentPod;
  readonly volume: Volume;
}

/** How copies of a leader are made. */
export interface Copies {
  /** How many times longer they take than usual. */
  slowness: number;
  /** A volume has no space for the copy beside the data of before, which are removed first: as Postgres does. */
  isFull: boolean;
}

/** What surrounds the process of a member. */
export interface AgentWorld {
  readonly kernel: Kernel;
  readonly network: Network;
  readonly behaviour: MemberBehaviour;
  /** How copies are made at present. */
  readonly copies: Copies;
  /** Data have been destroyed. */
  lostData(): void;
  /** All faults are over. */
  readonly isHealed: boolean;
  /** The process that has this address now. */
  at(ip: string): AgentProcess | undefined;
  /** It has begun to lead. */
  promoted(agent: AgentProcess): void;
  /** A leader is about to end, as nobody has renewed its lease. */
  leaseOver(agent: AgentProcess & { readonly isFrozen: boolean }): void;
  acknowledged(agent: AgentProcess, id: number, takenMs: number): void;
}
