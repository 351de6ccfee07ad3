import { baselineName } from '../framework/baseline.ts';
import { readObject } from '../framework/objects.ts';
import type { Environment } from '../framework/environment.ts';
import type { SampleLog } from '../framework/sample-log.ts';
import { ComparisonTestbed } from '../framework/comparison-testbed.ts';
import { type System, systemNames } from '../framework/system.ts';
import { startClient } from '../framework/traffic.ts';
import type { Journal } from './journal.ts';
import { type Picture, draw, serviceLine } from './picture.ts';
import { demoRecord, resultPicture, resultTable } from './report.ts';
import { cellMs, describeFailover, nodeViews, recentStrip } from './cluster-view.ts';
import type { Screen } from './screen.ts';
import { tell } from './story.ts';

const quickstart = new URL('../../examples/quickstart.yaml', import.meta.url);
/** The HAService in the quickstart. */
export const serviceName = 'web';

export interface DemoOptions {
  environment: Environment;
  namespace: string;
  journal: Journal;
  screen: Screen;
  color: boolean;
  /** The last line of the picture: what the user can do now. */
  hint: string;
  signal: AbortSignal;
}

export interface DemoEnd {
  /** What the terminal shows at the end. */
  text: string;
  /** What `--json` writes. */
  record: object;
}

/** A failover: creates both systems, injects every fault, and draws what happens. */
export async function demo(options: DemoOptions): Promise<DemoEnd> {
  const { environment, namespace, journal } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    journal.note('applying examples/quickstart.yaml, and a Deployment of the same image');
    const objects = [await readObject(quickstart, namespace), ...environment.clientObjects];
    const testbed = await ComparisonTestbed.open({
      api: environment.api,
      namespace,
      objects,
      signal,
    });
    await testbed.allRested();
    journal.note('starting a client, 200 requests a second to each system');
    const { logs: clients } = await startClient<System>({
      api: environment.api,
      live: testbed.live,
      namespace,
      name: 'client',
      program: environment.clientProgram,
      targets: {
        haservice: await testbed.url(serviceName),
        kubernetes: await testbed.url(baselineName),
      },
      node: environment.spared,
      signal,
      onFailure: (error) => stop.abort(error),
    });
    const view = { step: '', cutNode: undefined as string | undefined };
    const endPicture = show(options, testbed, clients, view);
    const endNotes = noteFailovers(testbed, journal);
    try {
      const results = await tell({
        testbed,
        name: serviceName,
        faults: environment.faults,
        clients,
        spared: environment.spared,
        journal,
        signal,
        onStep: (step) => (view.step = step),
        onCut: (node) => (view.cutNode = node),
      });
      view.step = 'done';
      const failovers = testbed.service(serviceName)?.status?.failovers ?? [];
      return {
        text: `${resultPicture(results, options.color)}\n\n${resultTable(results)}`,
        record: demoRecord(results, failovers),
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
  testbed: ComparisonTestbed,
  clients: Record<System, SampleLog>,
  view: { step: string; cutNode: string | undefined },
): () => void {
  const startedAt = Date.now();
  return screen.animate(() => {
    const now = Date.now();
    const service = testbed.service(serviceName);
    const picture: Picture = {
      step: view.step,
      elapsedMs: now - startedAt,
      nodes: nodeViews({
        service,
        nodes: testbed.live.nodes.list(),
        members: testbed.members(serviceName),
        plain: testbed.plainPods(),
        cutNode: view.cutNode,
      }),
      status: [
        serviceLine(serviceName, service),
        [{ text: describeFailover(service?.status?.failovers?.[0]), style: 'dim' }],
      ],
      sent: 'requests',
      cellMs,
      systems: (['haservice', 'kubernetes'] as const).map((system) =>
        recentStrip(systemNames[system], clients[system], now, screen.columns),
      ),
      notes: journal.notes,
      hint,
    };
    return draw(picture, screen.columns, screen.rows, color);
  });
}

/** Notes each change of the primary once it is complete. */
function noteFailovers(testbed: ComparisonTestbed, journal: Journal): () => void {
  let noted = testbed.service(serviceName)?.status?.epoch ?? 0;
  return testbed.live.onChange(() => {
    const [last] = testbed.service(serviceName)?.status?.failovers ?? [];
    if (last?.outcome !== 'Completed' || last.epoch <= noted) return;
    noted = last.epoch;
    journal.note(describeFailover(last));
  });
}
