import { readFileSync, readdirSync, readlinkSync } from 'node:fs';

/** Functions that read /proc of the machine. */

function attempt<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    // The process has ended in the meantime.
    return undefined;
  }
}

export function allPids(): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid > 0);
}

export const commandLine = (pid: number): string[] =>
  attempt(() => readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').slice(0, -1)) ?? [];

/** Identity of a namespace of a process, as `pid:[4026531836]`. */
export const namespaceOf = (pid: number, kind: 'pid' | 'net' | 'mnt'): string | undefined =>
  attempt(() => readlinkSync(`/proc/${pid}/ns/${kind}`));

/** Its process id in the innermost PID namespace. */
export function innerPid(pid: number): number | undefined {
  const status = attempt(() => readFileSync(`/proc/${pid}/status`, 'utf8'));
  const numbers = /^NSpid:\s+(.*)$/m.exec(status ?? '')?.[1]?.split(/\s+/);
  return numbers === undefined ? undefined : Number(numbers.at(-1));
}

/** Its process group, also if it is a zombie; undefined if it is gone. */
export function groupOf(pid: number): number | undefined {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  // After the name in parentheses: state, parent, group.
  return stat === undefined
    ? undefined
    : Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]);
}

/** A zombie counts as ended. */
export function isRunning(pid: number): boolean {
  const stat = attempt(() => readFileSync(`/proc/${pid}/stat`, 'utf8'));
  return stat !== undefined && !/^[ZX]/.test(stat.slice(stat.lastIndexOf(')') + 2));
}

/** Sends a signal, to a process group if the number is negative; it is no error if the process has ended. */
export function signalProcess(pid: number, signal: NodeJS.Signals): void {
  attempt(() => process.kill(pid, signal));
}
