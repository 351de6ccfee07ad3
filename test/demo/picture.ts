import type { HAService } from '../../src/api/haservice.ts';
import { grouped } from '../framework/text-table.ts';
import { type Line, type Piece, type Style, fit, legend, paint, paintStrip } from './paint.ts';
import type { Cell } from './strip.ts';

export interface MemberView {
  pod: string;
  role: string;
  health: string;
}

export interface NodeView {
  zone: string;
  name: string;
  isCut: boolean;
  members: MemberView[];
  plain: { pod: string; isReady: boolean }[];
}

export interface SystemView {
  label: string;
  cells: Cell[];
  ok: number;
  failed: number;
}

/** All that the live picture shows. */
export interface Picture {
  /** What is happening, in a few words. */
  step: string;
  elapsedMs: number;
  nodes: NodeView[];
  /** The state of the services, line by line. */
  status: readonly Line[];
  /** What the strips show: requests, or writes. */
  sent: 'requests' | 'writes';
  /** Milliseconds that one cell of the strips stands for. */
  cellMs: number;
  systems: SystemView[];
  /** What has happened, oldest first. */
  notes: readonly string[];
  hint: string;
}

const labelWidth = 11;
const countWidth = 9;

/** How many cells a strip has in a terminal of so many columns. */
export const stripWidth = (columns: number) =>
  Math.max(10, columns - labelWidth - 2 * countWidth - 1);

const healthStyles: Record<string, Style> = {
  Healthy: 'green',
  Unknown: 'dim',
  Unhealthy: 'yellow',
};

/** At most `rows` lines of at most `columns` characters. */
export function draw(picture: Picture, columns: number, rows: number, color: boolean): string[] {
  const top: Line[] = [
    header(picture, columns),
    [],
    ...nodeLines(picture.nodes, columns),
    [],
    ...picture.status,
    [],
    stripHeader(picture, columns),
    ...picture.systems.map((system) => stripLine(system, columns)),
    [{ text: ' '.repeat(labelWidth) }, ...legend],
    [],
  ];
  const bottom: Line[] = [[{ text: picture.hint, style: 'dim' }]];
  const free = Math.max(0, rows - top.length - bottom.length);
  const notes = picture.notes.slice(-free).map((text): Line => [{ text }]);
  const filler = Array.from({ length: Math.max(0, free - notes.length) }, (): Line => []);
  return [...top, ...(free === 0 ? [] : notes), ...filler, ...bottom]
    .slice(0, rows)
    .map((line) => paint(fit(line, columns), color));
}

/** The state of an HAService. */
export function serviceLine(label: string, service: HAService | undefined): Line {
  const { phase = 'Pending', epoch = 0, primary = 'none', ready = '0/0' } = service?.status ?? {};
  return [
    { text: label.padEnd(labelWidth), style: 'bold' },
    { text: phase, style: phase === 'Healthy' ? 'green' : 'yellow' },
    { text: `, primary ` },
    { text: primary, style: 'cyan' },
    { text: `, epoch ${epoch}, ready ${ready}` },
  ];
}

function header({ step, elapsedMs }: Picture, columns: number): Line {
  const seconds = Math.floor(elapsedMs / 1_000);
  const clock = `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  const title: Line = [
    { text: 'HAService demo', style: 'bold' },
    { text: `  ${step}`, style: 'cyan' },
  ];
  return [...fit(title, columns - clock.length - 1), { text: ` ${clock}` }];
}

function nodeLines(nodes: readonly NodeView[], columns: number): Line[] {
  const shown = nodes.slice(0, 6);
  const width = Math.floor(columns / Math.max(1, Math.min(3, shown.length)));
  const blocks = shown.map(nodeBlock);
  const lines: Line[] = [];
  for (let first = 0; first < blocks.length; first += 3) {
    const row = blocks.slice(first, first + 3);
    const height = Math.max(...row.map((block) => block.length));
    for (let i = 0; i < height; i++) lines.push(row.flatMap((block) => fit(block[i] ?? [], width)));
  }
  return lines;
}

function nodeBlock({ zone, name, isCut, members, plain }: NodeView): Line[] {
  return [
    [
      { text: zone, style: 'bold' },
      { text: ` ${name}` },
      ...(isCut ? [{ text: ' CUT OFF', style: 'red' } as Piece] : []),
    ],
    ...members.map(({ pod, role, health }): Line => {
      const isPrimary = role === 'primary';
      return [
        { text: isPrimary ? ' ★ ' : ' · ', style: isPrimary ? 'cyan' : undefined },
        { text: `${pod} `, style: isPrimary ? 'bold' : undefined },
        { text: health, style: healthStyles[health] ?? 'red' },
        { text: isPrimary ? ' primary' : '', style: 'cyan' },
      ];
    }),
    ...plain.map(({ pod, isReady }): Line => [
      { text: ` · ${pod} ` },
      { text: isReady ? 'Ready' : 'not ready', style: isReady ? 'green' : 'red' },
    ]),
  ];
}

function stripHeader({ cellMs, sent }: Picture, columns: number): Line {
  const seconds = Math.round((cellMs * stripWidth(columns)) / 1_000);
  const title = `${sent} of the last ${seconds} s`;
  return [
    { text: ' '.repeat(labelWidth) },
    ...fit([{ text: title }], stripWidth(columns)),
    { text: 'answered'.padStart(countWidth) },
    { text: 'failed'.padStart(countWidth) },
  ];
}

function stripLine({ label, cells, ok, failed }: SystemView, columns: number): Line {
  return [
    { text: label.padEnd(labelWidth), style: 'bold' },
    ...fit(paintStrip(cells), stripWidth(columns)),
    { text: grouped(ok).padStart(countWidth), style: 'green' },
    { text: grouped(failed).padStart(countWidth), style: failed > 0 ? 'red' : undefined },
  ];
}
