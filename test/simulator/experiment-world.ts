import type { Experiment } from '../../src/api/chaos-status.ts';
import type { ApiServer } from './api-server.ts';
import type { Checker } from './checker.ts';
import type { Kernel } from './kernel.ts';
import type { Kubelets } from './kubelet.ts';
import type { Network } from './network.ts';
import type { MemberBehaviour } from './setups.ts';

/** The parts of a world that the laws about experiments look at. */
export interface ExperimentWorld {
  readonly kernel: Kernel;
  readonly api: ApiServer;
  readonly kubelets: Kubelets;
  readonly checker: Checker;
  readonly behaviour: MemberBehaviour;
  readonly network: Network;
  readonly operators: readonly { place: string; isAlive: boolean }[];
  readonly operator: { place: string } | undefined;
  readonly experiments: { hasKilled(experiment: Experiment): boolean };
  /** When the last other fault began or ended. */
  readonly faultMs: number;
  /** A time in a status, on the clock of the model. */
  virtualMs(time: string): number;
}
