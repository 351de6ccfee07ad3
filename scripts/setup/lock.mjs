import { linkSync, readFileSync, renameSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** @typedef {{ pid: number, started: string }} Holder a process, told from a later one of the same id by its start time */

/**
 * Does the work while no other run does it. The lock is held by processes, not by the file: once they have all ended,
 * however they ended, it is free. The work may add a process of its own by `hold`, which then counts
 * even when this one is killed and it lives on.
 * @template T
 * @param {string} file
 * @param {(pid: number) => void} onWait called once, with the process that is waited for
 * @param {(hold: (pid: number) => void) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(file, onWait, work) {
  const own = `${file}.${process.pid}`;
  /** @type {Holder[]} */
  const holders = [holder(process.pid)];
  writeFileSync(own, JSON.stringify(holders));
  try {
    for (let told = false; !acquire(own, file);) {
      const other = living(read(file))[0];
      if (!other) continue;
      if (!told) onWait(other.pid);
      told = true;
      await sleep(300);
    }
  } finally {
    rmSync(own, { force: true });
  }
  const release = () => rmSync(file, { force: true });
  process.on('exit', release);
  try {
    return await work((pid) => {
      holders.push(holder(pid));
      writeFileSync(own, JSON.stringify(holders));
      renameSync(own, file);
    });
  } finally {
    process.off('exit', release);
    release();
  }
}

/**
 * @param {string} own this process's claim
 * @param {string} file
 */
function acquire(own, file) {
  if (link(own, file)) return true;
  const seen = read(file);
  if (seen === undefined || living(seen).length > 0) return false;
  // Renaming is how one of several takers wins. If it took a claim that is younger than the stale one it goes back.
  const aside = `${own}.stale`;
  try {
    renameSync(file, aside);
  } catch {
    return false;
  }
  if (read(aside) !== seen) link(aside, file);
  unlinkSync(aside);
  return link(own, file);
}

/**
 * @param {string} from
 * @param {string} to
 * @returns false if `to` exists
 */
function link(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/** @param {string} file */
function read(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {string | undefined} text
 * @returns {Holder[]}
 */
function living(text) {
  try {
    const holders = /** @type {Holder[]} */ (JSON.parse(text ?? '[]'));
    return holders.filter((h) => alive(h.pid) && startOf(h.pid) === h.started);
  } catch {
    return [];
  }
}

/** @param {number} pid */
function alive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'EPERM';
  }
}

/**
 * @param {number} pid
 * @returns {Holder}
 */
function holder(pid) {
  return { pid, started: startOf(pid) };
}

/**
 * @param {number} pid
 * @returns the start time in clock ticks since boot; empty if there is no /proc
 */
function startOf(pid) {
  // The 22nd field of proc_pid_stat(5); the second is a name in parentheses that may hold spaces.
  const stat = read(`/proc/${pid}/stat`) ?? '';
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';
}
