import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { passwordVariable } from '../../protocol/agent-config.ts';
import { HAError } from '../../api/errors.ts';
import { runCommand } from '../command.ts';
import type { OsUser } from './os-user.ts';

export interface ToolOptions {
  signal: AbortSignal;
  /** Milliseconds. */
  timeoutMs: number;
  /** What it reads from standard input. */
  input?: string;
}

/** The programs that come with Postgres, run as the user who owns the data. */
export class Tools {
  readonly folder: string;
  readonly owner: OsUser | undefined;
  readonly env: NodeJS.ProcessEnv;

  /** @param home in place of this process's own, which may be root's: libpq looks into it */
  constructor(folder: string, owner: OsUser | undefined, env: NodeJS.ProcessEnv, home: string) {
    this.folder = folder;
    this.owner = owner;
    // What they print is read by programs, and variables such as PGHOST are not meant for them.
    const foreign = new RegExp(`^PG(?!TZ$)|^LC_|^LANG|^${passwordVariable}$`);
    const own = Object.entries(env).filter(([name]) => !foreign.test(name));
    this.env = { ...Object.fromEntries(own), LC_ALL: 'C', HOME: home };
  }

  /** Runs one to its end and returns what it printed. @throws HAError as runCommand does */
  async run(tool: string, args: readonly string[], options: ToolOptions): Promise<string> {
    return runCommand([join(this.folder, tool), ...args], {
      ...options,
      env: this.env,
      cwd: '/',
      ...(this.owner === undefined ? {} : { user: this.owner }),
    });
  }
}

/** Milliseconds. */
const versionMs = 10_000;

/** Major version of the server, such as 15. @throws HAError HA_ERR_PROGRAM_START; what runCommand throws */
export async function majorVersion(tools: Tools, signal: AbortSignal): Promise<number> {
  const text = await tools.run('postgres', ['--version'], { signal, timeoutMs: versionMs });
  const major = /^postgres \([^)]*\) (\d+)/.exec(text)?.[1];
  if (major !== undefined) return Number(major);
  const line = JSON.stringify(text.slice(0, 80));
  throw new HAError('HA_ERR_PROGRAM_START', `postgres --version prints ${line}, not a version`);
}

const programs = [
  'postgres',
  'initdb',
  'pg_controldata',
  'pg_basebackup',
  'pg_rewind',
  'pg_waldump',
];

/**
 * Folder of the server's programs: on the PATH (as in the official image), else the newest below /usr/lib/postgresql, where
 * Debian keeps them. @throws HAError HA_ERR_PROGRAM_START
 */
export async function findPrograms(env: NodeJS.ProcessEnv): Promise<string> {
  const debian = '/usr/lib/postgresql';
  const versions = await readdir(debian).catch(() => []);
  const newestFirst = versions.map(Number).sort((a, b) => b - a);
  const folders = [
    ...(env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== ''),
    ...newestFirst.map((version) => join(debian, String(version), 'bin')),
  ];
  for (const folder of folders) {
    try {
      for (const program of programs) await access(join(folder, program), constants.X_OK);
      return folder;
    } catch {
      // Not there.
    }
  }
  throw new HAError(
    'HA_ERR_PROGRAM_START',
    `the image has no folder with all of ${programs.join(', ')}`,
  );
}
