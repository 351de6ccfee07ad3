import type { SyncSet } from '../../protocol/member-protocol.ts';
import type { Clock } from '../../lib/clock.ts';
import type { EngineProblem } from '../managed-engine.ts';
import type { Database } from './database.ts';
import { applicationName, literal, syncNames } from './quote.ts';
import { replicationUser } from './role.ts';
import type { Session } from './session.ts';

/** How often a leader in Strong is checked. Milliseconds. */
const checkEveryMs = 5_000;
/** How long a fault is told that was mended at once. Milliseconds. */
const toldMs = 60_000;
/** Told in one message at most. */
const mostTold = 3;

/** The arguments of the template come before ALTER SYSTEM and the files, in which the agent cannot be overruled. */
const weakArguments = `
SELECT name, setting FROM pg_settings
WHERE source = 'command line' AND (name IN ('fsync', 'full_page_writes') AND setting <> 'on'
  OR name = 'synchronous_commit' AND setting NOT IN ('on', 'remote_apply'))`;

/** Settings of roles and databases come before all others, and each of them has a command that undoes it. */
const weakRoles = `
SELECT entry AS setting, CASE
    WHEN s.setrole = 0 AND s.setdatabase <> 0 THEN format('ALTER DATABASE %I', d.datname)
    ELSE concat('ALTER ROLE ', CASE s.setrole WHEN 0 THEN 'ALL' ELSE quote_ident(r.rolname) END,
      ' IN DATABASE ' || quote_ident(d.datname))
  END || ' RESET synchronous_commit' AS undo
FROM pg_db_role_setting s CROSS JOIN unnest(s.setconfig) AS entry
  LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
WHERE entry LIKE 'synchronous\\_commit=%' AND entry !~ '=(on|remote_apply|true|yes|1)$'
ORDER BY undo`;

/** Postgres compares the names in synchronous_standby_names without regard to case; those of members are lower case. */
const foreignStandbys = (members: readonly string[]) => `
SELECT pg_terminate_backend(pid) AS ended, application_name AS name, usename AS role,
  coalesce(host(client_addr), 'a socket') AS address
FROM pg_stat_replication
WHERE lower(application_name) IN (${members.map(literal).join()}) AND usename IS DISTINCT FROM '${replicationUser}'`;

/** Checks on a leader in Strong what sessions with enough rights can change, so that an acknowledged commit can be lost. */
export class LeaderWatch {
  readonly #clock: Clock;
  #isRunning = false;
  #checkedAt = -Infinity;
  #weak: EngineProblem | undefined;
  /** What was mended at once, and when, by reason. */
  readonly #mended = new Map<string, { problem: EngineProblem; at: number }>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get problems(): (EngineProblem | undefined)[] {
    const now = this.#clock.now();
    const recent = [...this.#mended.values()].filter(({ at }) => now - at < toldMs);
    return [...recent.map(({ problem }) => problem), this.#weak];
  }

  get isDue(): boolean {
    return !this.#isRunning && this.#clock.now() - this.#checkedAt >= checkEveryMs;
  }

  /** The server waits for other standbys than it was told to. The operator orders the right ones again. */
  noteOtherNames(names: string, sync: SyncSet): void {
    const isStrong = syncNames(sync) !== '';
    const effect = isStrong
      ? 'commits were acknowledged without the followers that must have them'
      : 'commits waited for other servers';
    this.#tell({
      reason: isStrong ? 'WeakSettings' : 'ForeignSettings',
      message: `somebody has set synchronous_standby_names to '${names.slice(0, 100)}', so that ${effect}: it was set back; only the operator may change it`,
    });
  }

  /** @throws what Database.session throws */
  async check(database: Database, sync: SyncSet, signal: AbortSignal): Promise<void> {
    this.#isRunning = true;
    this.#checkedAt = this.#clock.now();
    try {
      await database.session(signal, async (session) => {
        await this.#endForeign(session, sync);
        this.#weak = syncNames(sync) === '' ? undefined : await weakSetting(session);
      });
    } finally {
      this.#isRunning = false;
    }
  }

  /** A standby with the name of a member counts as that member. Tools with names of their own count for nothing. */
  async #endForeign(session: Session, { members }: SyncSet): Promise<void> {
    if (members.length === 0) return;
    const [found] = await session.rows<{ name: string; role: string | null; address: string }>(
      foreignStandbys(members.map(applicationName)),
    );
    if (found === undefined) return;
    this.#tell({
      reason: 'ForeignReplica',
      message: `role ${found.role ?? 'unknown'} at ${found.address} replicates under the name of member ${found.name}, for which it would count: it was disconnected; give it an application_name of its own`,
    });
  }

  #tell(problem: EngineProblem): void {
    this.#mended.set(problem.reason, { problem, at: this.#clock.now() });
  }
}

async function weakSetting(session: Session): Promise<EngineProblem | undefined> {
  const args = await session.rows<{ name: string; setting: string }>(weakArguments);
  const roles = await session.rows<{ setting: string; undo: string }>(weakRoles);
  const faults = [
    ...args.map(({ name, setting }) => `remove ${name}=${setting} from the args of the template`),
    ...roles.map(({ undo, setting }) => `run ${undo} (it is ${setting})`),
  ];
  if (faults.length === 0) return undefined;
  const more = faults.length > mostTold ? [`and ${faults.length - mostTold} more`] : [];
  const told = [...faults.slice(0, mostTold), ...more].join('; ');
  return { reason: 'WeakSettings', message: `acknowledged commits can be lost: ${told}` };
}
