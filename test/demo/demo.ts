import type { FailoverRecord } from '../../src/api/status.ts';
import { baselineName } from '../measure/baseline.ts';
import { readObject } from '../measure/objects.ts';
import type { Place } from '../measure/place.ts';
import type { SampleLog } from '../measure/sample-log.ts';
import { Stage } from '../measure/stage.ts';
import { type System, systemNames } from '../measure/system.ts';
import { startClient } from '../measure/traffic.ts';
import type { Journal } from './journal.ts';
import { draw, stripWidth } from './picture.ts';
import type { Result } from './report.ts';
import { describeFailover, nodeViews, serviceView } from './scene.ts';
import type { Screen } from './screen.ts';
import { tell } from './story.ts';
import { stripOf } from './strip.ts';

const quickstart = new URL('../../examples/quickstart.yaml', import.meta.url);
const frameMs = 100;
const cellMs = 250;

export interface DemoOptions {
  place: Place;
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

/** Sets the scene, does every fault, and shows it as it happens. */
export async function demo(options: DemoOptions): Promise<DemoEnd> {
  const { place, namespace, serviceName, journal } = options;
  const stop = new AbortController();
  const signal = AbortSignal.any([options.signal, stop.signal]);
  try {
    journal.note('applying examples/quickstart.yaml, and a Deployment of the same image');
    const objects = [await readObject(quickstart, namespace), ...place.clientObjects];
    const stage = await Stage.open({ api: place.api, namespace, objects, signal });
    await stage.allRested();
    journal.note('starting a client, 200 requests a second to each system');
    const { logs: clients } = await startClient<System>({
      api: place.api,
      live: stage.live,
      namespace,
      name: 'client',
      program: place.clientProgram,
      targets: {
        haservice: await stage.url(serviceName),
        kubernetes: await stage.url(baselineName),
      },
      node: place.spared,
      signal,
      onFailure: (error) => stop.abort(error),
    });
    const view = { step: '', cutNode: undefined as string | undefined };
    const endPicture = show(options, stage, clients, view);
    const endNotes = noteFailovers(stage, serviceName, journal);
    try {
      const results = await tell({
        stage,
        name: serviceName,
        faults: place.faults,
        clients,
        spared: place.spared,
        journal,
        signal,
        onStep: (step) => (view.step = step),
        onCut: (node) => (view.cutNode = node),
      });
      view.step = 'done';
      return { results, failovers: stage.service(serviceName)?.status?.failovers ?? [] };
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
  stage: Stage,
  clients: Record<System, SampleLog>,
  view: { step: string; cutNode: string | undefined },
): () => void {
  if (!screen.isLive) return () => {};
  const startedAt = Date.now();
  const frame = () => {
    const now = Date.now();
    const service = stage.service(serviceName);
    const count = stripWidth(screen.columns);
    const from = (Math.floor(now / cellMs) - count + 1) * cellMs;
    const systems = (['haservice', 'kubernetes'] as const).map((system) => ({
      label: systemNames[system],
      cells: stripOf(clients[system].since(from), from, cellMs, count),
      ok: clients[system].ok,
      failed: clients[system].failed,
    }));
    const scene = {
      step: view.step,
      elapsedMs: now - startedAt,
      nodes: nodeViews({
        service,
        nodes: stage.live.nodes.list(),
        members: stage.members(serviceName),
        plain: stage.plainPods(),
        cutNode: view.cutNode,
      }),
      ...serviceView(serviceName, service),
      cellMs,
      systems,
      notes: journal.notes,
      hint,
    };
    screen.draw(draw(scene, screen.columns, screen.rows, color));
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
function noteFailovers(stage: Stage, name: string, journal: Journal): () => void {
  let noted = stage.service(name)?.status?.epoch ?? 0;
  return stage.live.onChange(() => {
    const [last] = stage.service(name)?.status?.failovers ?? [];
    if (last?.outcome !== 'Completed' || last.epoch <= noted) return;
    noted = last.epoch;
    journal.note(describeFailover(last));
  });
}
