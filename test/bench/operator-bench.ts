import type { Cluster } from '../cluster/cluster.ts';
import type { Api } from '../framework/api.ts';
import { type Summary, summarize } from '../framework/statistics.ts';
import { grouped, textTable } from '../framework/text-table.ts';
import { createMany } from './many.ts';
import { type Idle, measureIdle, measureStart } from './operator.ts';

export interface OperatorFigures {
  /** Milliseconds from the start of the process to the end of the first reconcile. */
  startMs: Summary | undefined;
  /** Resources that it uses while nothing changes. */
  idle: (Idle & { services: number })[];
}

export async function benchOperator(options: {
  cluster: Cluster;
  api: Api;
  namespace: string;
  runs: number;
  services: number;
  log: (line: string) => void;
  signal: AbortSignal;
}): Promise<OperatorFigures> {
  const { cluster, api, runs, services, log, signal } = options;
  const starts: number[] = [];
  const idle: OperatorFigures['idle'] = [];
  for (const count of [1, services]) {
    log(`making ${count} HAService${count === 1 ? '' : 's'}`);
    await createMany({ ...options, count });
    if (count === 1) {
      for (let run = 1; run <= runs; run++) {
        const ms = await measureStart(cluster, api, signal);
        starts.push(ms);
        log(`start ${run} of ${runs}: ${grouped(ms)} ms to the first reconcile`);
      }
    }
    log('measuring the idle operator for a minute');
    idle.push({ services: count, ...(await measureIdle(api, signal)) });
  }
  return { startMs: summarize(starts), idle };
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

export function renderOperator({ startMs, idle }: OperatorFigures): string {
  const start =
    startMs === undefined
      ? []
      : [
          [
            'process start to first reconcile',
            `${grouped(startMs.median)} ms (${grouped(startMs.least)}-${grouped(startMs.most)}, ${startMs.count} runs)`,
            '1 s',
          ],
        ];
  return textTable(
    [
      { title: 'operator', align: 'left' },
      { title: 'measured', align: 'left' },
      { title: 'aim', align: 'left' },
    ],
    [
      ...start,
      ...idle.flatMap(({ services, residentBytes, writesPerMinute, cpuSecondsPerMinute }) => {
        const at = `at ${services} service${services === 1 ? '' : 's'}`;
        return [
          [`memory ${at}`, megabytes(residentBytes), '100 MB'],
          [`API writes a minute, idle, ${at}`, String(writesPerMinute), '0'],
          [`CPU, idle, ${at}`, `${((cpuSecondsPerMinute / 60) * 100).toFixed(1)} % of a core`, ''],
        ];
      }),
    ],
  );
}
