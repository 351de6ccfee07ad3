import { access, constants, readdir } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { HAError } from '../../api/errors.ts';
import { runCommand } from '../command.ts';
import { type OsUser, processUser } from './os-user.ts';
import { UserLookup } from './user-entry.ts';

export interface ToolOptions {
  signal: AbortSignal;
  /** Milliseconds. */
  timeoutMs: number;
  /** Standard input. */
  input?: string;
  /** See CommandOptions. */
  onLine?: (line: string) => boolean;
}

/** Those that give up if their user has no name. pg_rewind may run postgres in single-user mode. */
const namedTools = new Set(['initdb', 'postgres', 'pg_rewind']);

/** The programs of Postgres, run as the owner of the data. */
export class Tools {
  folder: string;
  readonly osUser: OsUser | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly #lookup: UserLookup;

  /** @param home HOME in place of this process's own, which may be root's: libpq reads files in it */
  constructor(folder: string, osUser: OsUser | undefined, env: NodeJS.ProcessEnv, home: string) {
    this.folder = folder;
    this.osUser = osUser;
    this.#lookup = new UserLookup(osUser ?? processUser());
    // Programs parse the output, and variables such as PGHOST are not meant for these tools.
    const foreign = /^PG(?!TZ$)|^LC_|^LANG/;
    const own = Object.entries(env).filter(([name]) => !foreign.test(name));
    this.env = { ...Object.fromEntries(own), LC_ALL: 'C', HOME: home };
  }

  /** Runs a tool to its end and returns its output. @throws HAError as runCommand does */
  async run(tool: string, args: readonly string[], options: ToolOptions): Promise<string> {
    const run = () =>
      runCommand([join(this.folder, tool), ...args], {
        ...options,
        env: this.env,
        cwd: '/',
        ...(this.osUser === undefined ? {} : { user: this.osUser }),
      });
    return namedTools.has(tool) ? this.#lookup.during(run) : run();
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
 * Folder of the server's programs: on the PATH (as in the official image), else the newest below /usr/lib/postgresql, the folder
 * of Debian's packages.
 *
 * @param wanted major version of the data: another server refuses them. Default: any
 * @throws HAError HA_ERR_PROGRAM_START
 */
export async function findPrograms(env: NodeJS.ProcessEnv, wanted?: number): Promise<string> {
  const debian = '/usr/lib/postgresql';
  const versions = await readdir(debian).catch(() => []);
  const newestFirst = versions.map(Number).sort((a, b) => b - a);
  const onPath = (env['PATH'] ?? '').split(delimiter).filter((folder) => folder !== '');
  const folders = [
    ...(wanted === undefined ? [] : [join(debian, String(wanted), 'bin')]),
    ...onPath,
    ...newestFirst.map((version) => join(debian, String(version), 'bin')),
  ];
  for (const folder of folders) {
    try {
      for (const program of programs) await access(join(folder, program), constants.X_OK);
      return folder;
    } catch {
      // Not in this folder.
    }
  }
  throw new HAError(
    'HA_ERR_PROGRAM_START',
    `the image has no folder that contains all of ${programs.join(', ')}`,
  );
}
