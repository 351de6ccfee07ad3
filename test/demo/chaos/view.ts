import type { ChaosStatus, Experiment, ExperimentRecord } from '../../../src/api/chaos-status.ts';
import type { HAService } from '../../../src/api/haservice.ts';
import type { Node, Pod } from '../../../src/kube/api-types.ts';
import { grouped } from '../../framework/text-table.ts';
import { nodeViews } from '../cluster-view.ts';
import type { Line } from '../paint.ts';
import { type NodeView, serviceLine } from '../picture.ts';
import { type Step, stepTitles } from './plan.ts';
import { type ServiceName, cron, drill } from './services.ts';
import type { Kill } from './stage.ts';

type Of<T> = Record<ServiceName, T>;

/** What the picture shows of both services. */
export interface Observed {
  services: Of<HAService | undefined>;
  members: Of<readonly Pod[]>;
  nodes: readonly Node[];
  kills: Of<readonly Kill[]>;
  /** How many kills a service has not recovered from. */
  open: Of<number>;
}

/** Nodes by zone, each with the members of both services. */
export function bothNodeViews({ services, members, nodes }: Observed): NodeView[] {
  const of = (name: ServiceName) =>
    nodeViews({
      service: services[name],
      nodes,
      members: members[name],
      plain: [],
      cutNode: undefined,
    });
  const others = of(cron);
  return of(drill).map((node, i) => ({
    ...node,
    members: [...node.members, ...(others[i]?.members ?? [])],
  }));
}

/** The step that comes next, in words. */
export const describeNext = (step: Step | undefined, now: number): string =>
  step === undefined
    ? 'waiting until both services have recovered'
    : `next: ${stepTitles[step.kind]}, in ${Math.max(0, Math.ceil((step.atMs - now) / 1_000))} s`;

/** Two lines for each service: its state, and what chaos does to it. */
export function statusLines(observed: Observed, now: number): Line[] {
  const { services, kills, open } = observed;
  return [
    serviceLine(drill, services.drill),
    [
      {
        text: `           ${describeChaos(services.drill?.status?.chaos ?? {}, now)}`,
        style: 'dim',
      },
    ],
    serviceLine(cron, services.cron),
    [{ text: `           ${describeDeletions(kills.cron, open.cron)}`, style: 'dim' }],
  ];
}

function describeChaos({ experiment, history = [], nextTime }: ChaosStatus, now: number): string {
  if (experiment !== undefined) return describeRunning(experiment, now);
  const [last] = history;
  const next =
    nextTime === undefined ? '' : `; the next on schedule at ${nextTime.slice(11, 19)} UTC`;
  return `${last === undefined ? 'no experiment yet' : describeEnd(last)}${next}`;
}

/** The experiment that runs: its phase, and for how long; before the kill, how long until then. */
function describeRunning(experiment: Experiment, now: number): string {
  const { id, phase, startsAt, injectedAt } = experiment;
  const seconds = (now - Date.parse(injectedAt ?? startsAt)) / 1_000;
  const time = seconds < 0 ? `in ${(-seconds).toFixed(1)} s` : `for ${seconds.toFixed(1)} s`;
  return `#${id} ${phase}: ${describePlan(experiment)}, ${time}`;
}

/** What an experiment does to whom. */
export const describePlan = ({ action, hits }: Pick<Experiment, 'action' | 'hits'>): string =>
  `${action} of ${hits.map(({ pod, role }) => `${pod} (${role})`).join(', ')}`;

/** The end of an experiment in a line: the verdict, and how long the recovery took or why there was none. */
export function describeEnd({ id, cause, verdict, ...record }: ExperimentRecord): string {
  const { recoveryMs, reason, message } = record;
  const about =
    recoveryMs === undefined
      ? `${reason === undefined ? '' : `${reason}: `}${message}`
      : `recovered after ${grouped(recoveryMs)} ms`;
  return `#${id} (${cause}) ${verdict}, ${about}`;
}

function describeDeletions(kills: readonly Kill[], open: number): string {
  const last = kills.at(-1);
  if (last === undefined) return 'no pod has been deleted yet';
  const after = open === 0 ? 'it has recovered' : `it has not recovered from the last ${open}`;
  return `${kills.length} pods deleted, the last one ${last.pod}; ${after}`;
}
