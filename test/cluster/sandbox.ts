import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterError, type RunOptions, run } from './exec.ts';
import { cgroupName, initMark, inside, stateDir } from './paths.ts';
import {
  allPids,
  commandLine,
  groupOf,
  innerPid,
  isRunning,
  namespaceOf,
  signalProcess,
} from './processes.ts';

/** Under /proc/sys. They belong to the whole machine: no namespace has its own. */
const kubeletSettings = [
  'vm/overcommit_memory',
  'vm/panic_on_oom',
  'kernel/panic',
  'kernel/panic_on_oops',
  'kernel/keys/root_maxkeys',
  'kernel/keys/root_maxbytes',
];

/**
 * The namespaces in which the whole cluster runs: processes, mounts, network, IPC. When its process 1 ends, the kernel ends every
 * other process and removes the mounts, network namespaces and interfaces: nothing can be left behind.
 */
export class Sandbox {
  /** Process id of its process 1 on the machine. */
  readonly initPid: number;

  private constructor(initPid: number) {
    this.initPid = initPid;
  }

  /** The sandbox of this checkout, if it runs. */
  static find(): Sandbox | undefined {
    const pid = allPids().find((candidate) => {
      const [, mark] = commandLine(candidate);
      return mark === initMark && innerPid(candidate) === 1;
    });
    return pid === undefined ? undefined : new Sandbox(pid);
  }

  static async start(binDir: string): Promise<Sandbox> {
    await mkdir(join(stateDir, 'log'), { recursive: true });
    const log = openSync(join(stateDir, 'log', 'init.log'), 'a');
    const flags = ['--mount', '--pid', '--net', '--ipc', '--uts', '--fork', '--mount-proc'];
    const child = spawn('unshare', [...flags, join(binDir, 'init'), initMark, cgroupName], {
      detached: true,
      stdio: ['ignore', log, log],
      // It ends everything if this folder is deleted or moved.
      cwd: stateDir,
    });
    closeSync(log);
    child.unref();
    const sandbox = await until(() => Sandbox.find(), 10_000);
    if (sandbox === undefined) {
      const why = await readFile(join(stateDir, 'log', 'init.log'), 'utf8');
      throw new ClusterError(`cannot make namespaces (are you root?): ${why.trim()}`);
    }
    await sandbox.#mounts(binDir);
    return sandbox;
  }

  /**
   * Mounts empty /run, /var/lib and /var/log, which share nothing with those of the machine, and copies of the machine's settings
   * that a kubelet changes.
   */
  async #mounts(binDir: string): Promise<void> {
    const script = `set -e
      mount -t tmpfs -o mode=755 none /run
      mkdir -p /run/netns /run/lock ${inside.state} ${inside.bin}
      mount --bind "$1" ${inside.state}
      mount --bind "$2" ${inside.bin}
      mount -t tmpfs -o mode=755 none /var/lib
      mount -t tmpfs -o mode=755 none /var/log
      shift 2
      for setting; do
        copy=/run/settings/$setting
        mkdir -p "\${copy%/*}"
        cat "/proc/sys/$setting" > "$copy"
        mount --bind "$copy" "/proc/sys/$setting"
      done
      ip link set lo up`;
    await this.run(['sh', '-c', script, 'sh', stateDir, binDir, ...kubeletSettings]);
  }

  /** The command that runs another one inside: in the cluster's own network, or a node's. */
  enter(argv: readonly string[], node?: string): string[] {
    const pid = String(this.initPid);
    const net = node === undefined ? [] : [`=/proc/${pid}/root/run/netns/${node}`];
    return [
      ...['nsenter', '--target', pid, '--mount', '--pid', '--ipc', '--uts'],
      `--net${net.join('')}`,
      ...['--', ...argv],
    ];
  }

  run(argv: readonly string[], options: RunOptions & { node?: string } = {}): Promise<string> {
    const { node, ...rest } = options;
    return run(this.enter(argv, node), { cwd: '/', ...rest });
  }

  /**
   * Starts a program that is restarted if it ends by itself, as the kubelet and systemd do on real nodes: the scheduler, for
   * example, relies on it. Its output goes to log/NAME.log, the id of its process group to pids/NAME.
   */
  async startDaemon(name: string, argv: readonly string[], node?: string): Promise<void> {
    await mkdir(join(stateDir, 'pids'), { recursive: true });
    const script = `echo $$ > ${inside.state}/pids/${name}; while :; do "$@"; sleep 1; done`;
    const output = `exec >> ${inside.state}/log/${name}.log 2>&1 < /dev/null;`;
    await this.run(
      ['setsid', '--fork', 'sh', '-c', output + script, 'sh', ...argv],
      node === undefined ? {} : { node },
    );
  }

  /** The end of its output. */
  async lastWords(name: string): Promise<string> {
    const log = await readFile(join(stateDir, 'log', `${name}.log`), 'utf8').catch(() => '');
    return log.slice(-2_000).trim();
  }

  /** Id of its process group on the machine, if it runs. */
  async daemonPid(name: string): Promise<number | undefined> {
    const text = await readFile(join(stateDir, 'pids', name), 'utf8').catch(() => '');
    const inner = Number(text);
    if (!(inner > 1)) return undefined;
    const ours = namespaceOf(this.initPid, 'pid');
    return allPids().find(
      (pid) => innerPid(pid) === inner && namespaceOf(pid, 'pid') === ours && isRunning(pid),
    );
  }

  async stopDaemon(name: string, signal: NodeJS.Signals = 'SIGTERM'): Promise<void> {
    const group = await this.daemonPid(name);
    if (group !== undefined) {
      // Until its last thread has ended, the program holds its sockets.
      const gone = () => (allPids().some((pid) => groupOf(pid) === group) ? undefined : true);
      signalProcess(-group, signal);
      if ((await until(gone, 10_000)) === undefined) {
        signalProcess(-group, 'SIGKILL');
        await until(gone, 10_000);
      }
    }
    await rm(join(stateDir, 'pids', name), { force: true });
  }

  /** Ends everything inside, even if it has only partly started or ended. */
  static async destroy(): Promise<void> {
    const spaces = new Set<string>();
    const outside = namespaceOf(process.pid, 'pid');
    const gone = await until(() => {
      const running = allPids().filter(isRunning);
      const marked = running.filter((pid) => commandLine(pid).includes(initMark));
      for (const pid of marked) {
        const space = namespaceOf(pid, 'pid');
        if (space !== undefined && space !== outside) spaces.add(space);
        signalProcess(pid, 'SIGKILL');
      }
      const left = running.filter((pid) => spaces.has(namespaceOf(pid, 'pid') ?? ''));
      return marked.length + left.length === 0 ? true : undefined;
    }, 30_000);
    if (gone === undefined) {
      throw new ClusterError('some of the cluster’s processes do not end: look at `ps -ef`');
    }
  }
}

/** Polls a condition that sends no event. Undefined if `timeoutMs` pass. */
export async function until<T>(
  look: () => T | undefined | Promise<T | undefined>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<T | undefined> {
  const end = performance.now() + timeoutMs;
  for (;;) {
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() > end) return undefined;
    await sleep(50, undefined, signal === undefined ? {} : { signal });
  }
}
