import { Child, type ChildOptions } from './process-group.ts';
import type { Ending } from './managed-engine.ts';
import { endOrphans } from './track-child.ts';

/** Milliseconds that a program has to end by SIGTERM when it is fenced by ending it. */
const graceMs = 2_000;

/**
 * The program of a container for an engine that ends it to make sure that it does nothing any more, and starts it anew.
 */
export class SupervisedProcess {
  /** Settles when it has ended although neither `stop` nor `kill` was called. */
  readonly ended: Promise<Ending>;
  readonly #command: readonly string[];
  readonly #options: ChildOptions;
  #child: Child | undefined;
  #starting: Promise<void> | undefined;
  #settle: (ending: Ending) => void = () => {};

  constructor(command: readonly string[], options: ChildOptions) {
    this.#command = command;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#settle = resolve));
  }

  /** Of the running program, which leads a process group. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it where it does not run. @throws HAError HA_ERR_PROGRAM_START */
  async start(): Promise<void> {
    if (this.#child !== undefined) return;
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  /** Ends it by SIGTERM, by SIGKILL when the signal comes. Resolves when it and what it has started are gone. */
  async stop(signal: AbortSignal): Promise<void> {
    await this.#starting?.catch(() => {});
    const child = this.#child;
    this.#child = undefined;
    await child?.stop(signal);
    await endOrphans();
  }

  /** As `stop`, for an order that waits for it: by SIGKILL after two seconds at the latest. */
  end(signal: AbortSignal): Promise<void> {
    return this.stop(AbortSignal.any([signal, AbortSignal.timeout(graceMs)]));
  }

  /** SIGKILL, at once. It counts as asked for. */
  kill(): void {
    this.#child?.kill();
    this.#child = undefined;
  }

  async #start(): Promise<void> {
    const child = await Child.start(this.#command, this.#options);
    this.#child = child;
    void child.ended.then((ending) => {
      if (this.#child === child) this.#settle(ending);
    });
  }
}
