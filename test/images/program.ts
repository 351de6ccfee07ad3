import { run } from '../cluster/exec.ts';

/** The longest step took 20 s in practice. Milliseconds. */
const stepMs = 600_000;

export interface ProgramOptions {
  signal: AbortSignal;
  env?: NodeJS.ProcessEnv;
  cwd?: string;
}

/** Runs a program that ends with this process, even if this process is killed. Returns its standard output. */
export function program(argv: readonly string[], options: ProgramOptions): Promise<string> {
  return run(['setpriv', '--pdeathsig', 'KILL', ...argv], { ...options, timeoutMs: stepMs });
}

/** In mount and process namespaces of its own: whatever it mounts or starts ends with it, however it ends. */
export function isolatedProgram(argv: readonly string[], options: ProgramOptions): Promise<string> {
  const flags = ['--mount', '--pid', '--mount-proc', '--fork', '--kill-child'];
  return program(['unshare', ...flags, ...argv], options);
}
