import type { ExperimentRecord } from '../../../src/api/chaos-status.ts';
import { failoverMsOf } from '../../framework/experiments.ts';
import { type Column, grouped, textTable } from '../../framework/text-table.ts';
import type { Figures } from './figures.ts';
import { cron, drill } from './services.ts';

const left = (title: string): Column => ({ title, align: 'left' });
const right = (title: string): Column => ({ title, align: 'right' });

const hitsOf = ({ hits }: Pick<ExperimentRecord, 'hits'>) =>
  hits.map(({ pod, role }) => `${pod} ${role}`).join(', ');

const ms = (value: number | undefined) => (value === undefined ? '' : grouped(value));

/** All experiments in the order in which they were due, as status.chaos.history has them. */
export function experimentTable(history: readonly ExperimentRecord[]): string {
  return textTable(
    [
      ...[right('#'), left('cause'), left('member'), left('verdict')],
      ...[right('recovery ms'), right('failover ms')],
    ],
    history
      .toSorted((a, b) => a.id - b.id)
      .map((record) => [
        String(record.id),
        record.cause,
        hitsOf(record),
        record.reason === undefined ? record.verdict : `${record.verdict} ${record.reason}`,
        ms(record.recoveryMs),
        ms(failoverMsOf(record)),
      ]),
  );
}

/** The refusals in words, as status.chaos.history has them. */
export const refusalLines = (history: readonly ExperimentRecord[]): string =>
  history
    .filter(({ reason }) => reason !== undefined)
    .toSorted((a, b) => a.id - b.id)
    .map(({ id, reason, message }) => `  #${id} ${reason ?? ''}: ${message}`)
    .join('\n');

/** Both services side by side. */
export function comparisonTable(ofDrill: Figures, ofCron: Figures): string {
  const row = (title: string, read: (figures: Figures) => number | string | undefined) => [
    title,
    ...[ofDrill, ofCron].map((figures) => {
      const value = read(figures);
      return typeof value === 'number' ? grouped(value) : (value ?? 'unknown');
    }),
  ];
  const isRecovered = [ofDrill, ofCron].every(({ notRecovered }) => notRecovered === 0);
  return textTable(
    [left(''), right(`${drill} (spec.chaos)`), right(`${cron} (CronJob)`)],
    [
      row('times that a kill was due', ({ due }) => due),
      row('refused', ({ refused }) => refused ?? 'never'),
      row('kills', ({ kills }) => kills),
      row('writes acknowledged', ({ acknowledged }) => acknowledged),
      row('acknowledged writes lost', ({ lost }) => lost),
      row(
        'ms without writes after a kill, median',
        ({ withoutWritesMs }) => withoutWritesMs?.median,
      ),
      row('ms without writes, longest', ({ longestOutageMs }) => longestOutageMs),
      row('ms without writes, all together', ({ outagesMs }) => outagesMs),
      row('ms until all members are healthy, median', ({ recoveryMs }) => recoveryMs?.median),
      row('ms until all members are healthy, longest', ({ recoveryMs }) => recoveryMs?.most),
      ...(isRecovered
        ? []
        : [row('kills that it has not recovered from', ({ notRecovered }) => notRecovered)]),
    ],
  );
}

export const explanation = `${drill} and ${cron} are the Redis of examples/chaos.yaml, each with three members, Strong, and a client that
writes. Each time that an experiment was due for ${drill}, the demo itself has deleted a random pod of
${cron}, as this command in a CronJob does, or chaoskube: it looks at nothing before.
  kubectl delete pod --grace-period=0 --force "$(kubectl get pods -l haservice.dev/name=${cron} -o name | shuf -n 1)"
It is no real CronJob, as that has no seconds. The operator repairs both services.`;

export interface ChaosDemoRecord {
  experiments: ExperimentRecord[];
  drill: Figures;
  cron: Figures;
}
