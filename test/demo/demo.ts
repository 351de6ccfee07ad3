import type { FailoverRecord } from '../../src/api/status.ts';
import { baselineName } from '../framework/baseline.ts';
import { readObject } from '../framework/objects.ts';
import type { Environment } from '../framework/environment.ts';
import type { SampleLog } from '../framework/sample-log.ts';
import { ComparisonTestbed } from '../framework/comparison-testbed.ts';
import { type System, systemNames } from '../framework/system.ts';
import { startClient } from '../framework/traffic.ts';
import type { Journal } from './journal.ts';
import { type Picture, draw, stripWidth } from './picture.ts';
import type { Result } from './report.ts';
import { describeFailover, nodeViews, serviceView } from './cluster-view.ts';
import type { Screen } from './screen.ts';
import { tell } from './story.ts';
import { stripOf } from './strip.ts';

const quickstart = new URL('../../examples/quickstart.yaml', import.meta.url);
const frameMs = 100;
const cellMs = 250;

export interface DemoOptions {
  environment: Environment;
  namespace: string;
  /** Name of the HAService in the quickstart. */
  serviceName: string;
  journal: Journal;
  screen: Screen;
  color: boolean;
  /** The last line of the picture: what the user can do now. */
  hint: string;
  signal: AbortSignal;
}

export interface DemoEnd {
  results: Result[];
  failovers: readonly FailoverRecord[];
}

/** Creates both systems, injects every fault, and draws what happens. */
export async function demo(options: DemoOptions): Promise<DemoEnd> {
  const { environment, namespace, serviceName, journal } = options;
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
    const endNotes = noteFailovers(testbed, serviceName, journal);
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
      return { results, failovers: testbed.service(serviceName)?.status?.failovers ?? [] };
    } finally {
      endNotes();
      endPicture();
    }
  } finally {
    stop.abort(new Error('the demo has ended'));
  }
}

/** Draws the picture ten times a second. Returns what ends it, with a last one. */
function show(
  { screen, color, serviceName, journal, hint }: DemoOptions,
  testbed: ComparisonTestbed,
  clients: Record<System, SampleLog>,
  view: { step: string; cutNode: string | undefined },
): () => void {
  if (!screen.isLive) return () => {};
  const startedAt = Date.now();
  const frame = () => {
    const now = Date.now();
    const service = testbed.service(serviceName);
    const count = stripWidth(screen.columns);
    const from = (Math.floor(now / cellMs) - count + 1) * cellMs;
    const systems = (['haservice', 'kubernetes'] as const).map((system) => ({
      label: systemNames[system],
      cells: stripOf(clients[system].since(from), from, cellMs, count),
      ok: clients[system].ok,
      failed: clients[system].failed,
    }));
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
      ...serviceView(serviceName, service),
      cellMs,
      systems,
      notes: journal.notes,
      hint,
    };
    screen.draw(draw(picture, screen.columns, screen.rows, color));
  };
  frame();
  const timer = setInterval(frame, frameMs);
  return () => {
    clearInterval(timer);
    frame();
    screen.end();
  };
}

/** Notes each change of the primary once it is complete. */
function noteFailovers(testbed: ComparisonTestbed, name: string, journal: Journal): () => void {
  let noted = testbed.service(name)?.status?.epoch ?? 0;
  return testbed.live.onChange(() => {
    const [last] = testbed.service(name)?.status?.failovers ?? [];
    if (last?.outcome !== 'Completed' || last.epoch <= noted) return;
    noted = last.epoch;
    journal.note(describeFailover(last));
  });
}
