import type { Fault } from '../measure/faults.ts';
import type { System } from '../measure/system.ts';

/** One fault on one system: what is to be done, and how often. */
export interface Plan {
  /** As the table calls it. */
  title: string;
  fault: Fault;
  system: System;
  /** Name of the HAService, or of the plain Deployment. */
  name: string;
  runs: number;
  windowMs: number;
  /** What is aimed at, in words. */
  aim: string;
}
