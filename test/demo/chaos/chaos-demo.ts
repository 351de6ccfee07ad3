import { experimentsAfter } from '../../framework/experiments.ts';
import { grouped } from '../../framework/text-table.ts';
import type { DemoEnd, DemoOptions } from '../demo.ts';
import type { Journal } from '../journal.ts';
import { draw } from '../picture.ts';
import { cellMs, recentStrip } from '../cluster-view.ts';
import { type Experience, figuresOf } from './figures.ts';
import { type Step, planOf } from './plan.ts';
import {
  type ChaosDemoRecord,
  comparisonTable,
  experimentTable,
  explanation,
  refusalLines,
} from './report.ts';
import { type ServiceName, cron, drill, serviceNames } from './services.ts';
import { Stage } from './stage.ts';
import { tell } from './story.ts';
import { bothNodeViews, describeEnd, describeNext, describePlan, statusLines } from './view.ts';
import { RedisWriter } from './writer.ts';

const labels: Record<ServiceName, string> = { drill: 'spec.chaos', cron: 'CronJob' };

/** Two services under writes: experiments hit members of one, and random pods of the other are deleted at the same times. */
export async function chaosDemo(options: DemoOptions): Promise<DemoEnd> {
  const { environment, namespace, journal } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    journal.note('applying the Redis of examples/chaos.yaml, and the same without spec.chaos');
    const stage = await Stage.open(environment, namespace, signal);
    journal.note('starting a client for each, which writes 120 times a second');
    const start = async (service: ServiceName) =>
      RedisWriter.start({
        ...{ environment, live: stage.live, namespace, service, signal },
        host: await stage.host(service),
        onFailure: (error) => stop.abort(error),
      });
    const writers = { drill: await start(drill), cron: await start(cron) };
    const plan = planOf(Date.now());
    const view: { next: Step | undefined } = { next: plan[0] };
    const endPicture = show(options, stage, writers, view);
    const endNotes = noteExperiments(stage, journal);
    try {
      const { client } = environment.api;
      const { due, notRecovered } = await tell({
        ...{ client, stage, plan, journal, signal, random: Math.random },
        onNext: (step) => (view.next = step),
      });
      journal.note('reading back every write');
      const endedAt = Date.now();
      const experienceOf = async (name: ServiceName): Promise<Experience> => ({
        due,
        refused: undefined,
        kills: stage.kills[name],
        writes: await writers[name].end(() =>
          notRecovered.includes(name) ? undefined : stage.primaryAddress(name),
        ),
        recoveryMs: stage.recoveries[name].ms,
        endedAt,
      });
      const history = stage.service(drill)?.status?.chaos?.history ?? [];
      const refused = history.filter(({ verdict }) => verdict === 'Refused').length;
      const record: ChaosDemoRecord = {
        experiments: history,
        drill: figuresOf({ ...(await experienceOf(drill)), refused }),
        cron: figuresOf(await experienceOf(cron)),
      };
      return {
        text: [
          `Experiments with ${drill}; recovery: until all members are healthy again, failover: until the Service points at a new primary`,
          experimentTable(history),
          `Refused, and why:\n${refusalLines(history)}`,
          comparisonTable(record.drill, record.cron),
          explanation,
        ].join('\n\n'),
        record,
      };
    } finally {
      endNotes();
      endPicture();
    }
  } finally {
    stop.abort(new Error('the demo has ended'));
  }
}

function show(
  { screen, color, journal, hint }: DemoOptions,
  stage: Stage,
  writers: Record<ServiceName, RedisWriter>,
  view: { next: Step | undefined },
): () => void {
  const startedAt = Date.now();
  return screen.animate(() => {
    const now = Date.now();
    const observed = {
      services: { drill: stage.service(drill), cron: stage.service(cron) },
      members: { drill: stage.members(drill), cron: stage.members(cron) },
      nodes: stage.live.nodes.list(),
      kills: stage.kills,
      open: { drill: stage.recoveries.drill.open, cron: stage.recoveries.cron.open },
    };
    const picture = {
      step: describeNext(view.next, now),
      elapsedMs: now - startedAt,
      nodes: bothNodeViews(observed),
      status: statusLines(observed, now),
      sent: 'writes' as const,
      cellMs,
      systems: serviceNames.map((name) =>
        recentStrip(labels[name], writers[name].log, now, screen.columns),
      ),
      notes: journal.notes,
      hint,
    };
    return draw(picture, screen.columns, screen.rows, color);
  });
}

/** Notes each experiment when its kill is announced and when it has ended, and each recovery of the other service. */
function noteExperiments(stage: Stage, journal: Journal): () => void {
  let noted = 0;
  let announced = 0;
  let recovered = 0;
  return stage.live.onChange(() => {
    const { ended, running } = experimentsAfter(noted, stage.service(drill)?.status?.chaos ?? {});
    if (running !== undefined && running.id > announced) {
      announced = running.id;
      journal.note(`${drill}: #${running.id} announced: ${describePlan(running)}`);
    }
    for (const record of ended) {
      noted = record.id;
      journal.note(`${drill}: ${describeEnd(record)}`);
    }
    const { ms } = stage.recoveries.cron;
    if (ms.length > recovered) {
      recovered = ms.length;
      journal.note(`${cron}: recovered, ${grouped(ms.at(-1) ?? 0)} ms after the last kill`);
    }
  });
}
