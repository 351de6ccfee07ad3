import { spawn } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { run } from '../exec.ts';
import { checkout } from '../paths.ts';

export interface Ended {
  code: number | null;
  out: string;
  err: string;
}

export interface Command {
  pid: number;
  /** Resolves when it prints a line with this text on standard error. */
  says(text: string): Promise<void>;
  ended: Promise<Ended>;
}

/** Folder of all copies, so that what a killed test has left can be found. */
const copies = join(checkout, '.cluster-copies');

/** What a copy has of the checkout: the command that it runs, the sources of the operator's image, and what a user applies. */
export const copied = [
  ...['package.json', 'package-lock.json', 'Dockerfile', '.dockerignore', 'CONTRIBUTING.md'],
  ...['src', 'test', 'scripts', 'crds', 'manifests', 'examples'],
];

/** A second checkout, whose cluster runs beside any other: its path contains characters that need quoting. */
export class CheckoutCopy {
  readonly dir: string;
  /** Variable in the environment of all processes that its commands start. */
  readonly tag = `HASERVICE_TEST=${randomUUID()}`;
  readonly id: string;

  constructor() {
    mkdirSync(copies, { recursive: true });
    this.dir = realpathSync(mkdtempSync(join(copies, "haservice's copy ")));
    this.id = createHash('sha256').update(this.dir).digest('hex').slice(0, 6);
    for (const path of copied) {
      cpSync(join(checkout, path), join(this.dir, path), { recursive: true });
    }
    symlinkSync(join(checkout, 'node_modules'), join(this.dir, 'node_modules'));
  }

  /** Starts `npm run cluster -- ARGS`. */
  start(...args: string[]): Command {
    return this.startWithin([], ...args);
  }

  /** As `start`, within another program that changes permissions or namespaces. */
  startWithin(outer: readonly string[], ...args: string[]): Command {
    const [name = '', value] = this.tag.split('=');
    const main = join(this.dir, 'test', 'cluster', 'main.ts');
    const [program = '', ...rest] = [...outer, process.execPath, main, ...args];
    const child = spawn(program, rest, {
      cwd: this.dir,
      env: { ...process.env, [name]: value },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const ended = new Promise<Ended>((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code) => resolve({ code, out, err }));
    });
    const says = (text: string) =>
      new Promise<void>((resolve, reject) => {
        const look = () => {
          if (err.includes(text)) resolve();
        };
        child.stderr.on('data', look);
        child.on('close', () => reject(new Error(`it never printed “${text}”, but: ${err}`)));
        look();
      });
    return { pid: child.pid ?? 0, says, ended };
  }

  /** Changes a text in one of its files. @throws Error if the file does not contain it. */
  replace(path: string, before: string, after: string): void {
    const file = join(this.dir, path);
    const text = readFileSync(file, 'utf8');
    if (!text.includes(before)) throw new Error(`${path} does not contain “${before}”`);
    writeFileSync(file, text.replace(before, after));
  }

  /** Runs a command to its end. @returns its output. @throws if it fails. */
  async run(...args: string[]): Promise<string> {
    const { code, out, err } = await this.start(...args).ended;
    if (code === 0) return out;
    throw new Error(`cluster ${args.join(' ')}: exit ${code}\n${err}`);
  }

  /** Runs the cluster's kubectl. @returns its output. @throws with its error message if it fails. */
  kubectl(args: readonly string[], input = ''): Promise<string> {
    return run([...this.kubectlCommand, ...args], { input, timeoutMs: 90_000 });
  }

  get kubectlCommand(): string[] {
    const file = (name: string) => join(this.dir, '.cluster', name);
    const options = ['--kubeconfig', file('kubeconfig/admin'), '--cache-dir', file('kubectl')];
    return [join(this.state.binDir, 'kubectl'), ...options];
  }

  /** State file of its cluster. */
  get state(): { initPid: number; binDir: string; nodes: { name: string; ip: string }[] } {
    return JSON.parse(readFileSync(join(this.dir, '.cluster', 'state.json'), 'utf8')) as never;
  }

  remove(): void {
    rmSync(this.dir, { recursive: true, force: true, maxRetries: 10 });
  }
}
