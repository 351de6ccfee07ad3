import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLsn } from './position.ts';
import { type Limit, limitsIn } from './standby-limits.ts';
import type { Tools } from './tools.ts';

/** Content of global/pg_control of a server that does not run. */
export interface ControlFile {
  /** It ended in order, as a standby or as a leader. */
  clean: boolean;
  timeline: number;
  /** Offset up to which the data files may hold changes: the log counts as held at least up to there. */
  least: number;
  segmentBytes: number;
  limits: Limit[];
}

/** @throws HAError if pg_controldata cannot read the file */
export async function readControlFile(
  tools: Tools,
  data: string,
  signal: AbortSignal,
): Promise<ControlFile> {
  const text = await tools.run('pg_controldata', ['-D', data], { signal, timeoutMs: 10_000 });
  const field = (name: string) => new RegExp(`^${name}: *(.*)$`, 'm').exec(text)?.[1] ?? '';
  const checkpoint = parseLsn(field('Latest checkpoint location'));
  const minimum = parseLsn(field('Minimum recovery ending location'));
  const ofCheckpoint = Number(field("Latest checkpoint's TimeLineID"));
  const ofMinimum = Number(field("Min recovery ending loc's timeline"));
  return {
    clean: field('Database cluster state').startsWith('shut down'),
    timeline: minimum > checkpoint ? ofMinimum : ofCheckpoint,
    least: Math.max(checkpoint, minimum),
    segmentBytes: Number(field('Bytes per WAL segment')),
    limits: limitsIn(field),
  };
}

/**
 * The system identifier that initdb has chosen, the same in all copies; undefined if there are no data. It is the first eight
 * bytes of the control file in every version (pg_control.h: "this must stay at the beginning").
 */
export async function readIdentity(data: string): Promise<string | undefined> {
  try {
    const control = await readFile(join(data, 'global', 'pg_control'));
    return String(control.readBigUInt64LE(0));
  } catch {
    return undefined;
  }
}
