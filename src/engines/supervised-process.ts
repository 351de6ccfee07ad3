import { ProcessGroup, type ProcessOptions } from './process-group.ts';
import type { Ending } from './managed-engine.ts';
import { endOrphans } from './track-child.ts';

/** How long a program may take to end by SIGTERM if it is ended for a fence. Milliseconds. */
const graceMs = 2_000;

/** The program of a container, for an engine that ends it to make sure that it takes no writes, and starts it again. */
export class SupervisedProcess {
  /** Settles when it has ended although neither `stop` nor `kill` was called. */
  readonly ended: Promise<Ending>;
  readonly #command: readonly string[];
  readonly #options: ProcessOptions;
  #group: ProcessGroup | undefined;
  #starting: Promise<void> | undefined;
  #resolveEnded: (ending: Ending) => void = () => {};

  constructor(command: readonly string[], options: ProcessOptions) {
    this.#command = command;
    this.#options = options;
    this.ended = new Promise((resolve) => (this.#resolveEnded = resolve));
  }

  /** Process id of the running program, which leads a process group. */
  get pid(): number | undefined {
    return this.#group?.pid;
  }

  /** Starts the program unless it runs. @throws HAError HA_ERR_PROGRAM_START */
  async start(): Promise<void> {
    if (this.#group !== undefined) return;
    this.#starting ??= this.#start().finally(() => (this.#starting = undefined));
    await this.#starting;
  }

  /** Ends it by SIGTERM, and by SIGKILL if the signal comes. Resolves when it and the processes that it has started are gone. */
  async stop(signal: AbortSignal): Promise<void> {
    await this.#starting?.catch(() => {});
    const group = this.#group;
    this.#group = undefined;
    await group?.stop(signal);
    await endOrphans();
  }

  /** As `stop`, for an order that waits for it: with SIGKILL after two seconds at the latest. */
  end(signal: AbortSignal): Promise<void> {
    return this.stop(AbortSignal.any([signal, AbortSignal.timeout(graceMs)]));
  }

  /** SIGKILL, at once. `ended` does not settle. */
  kill(): void {
    this.#group?.kill();
    this.#group = undefined;
  }

  async #start(): Promise<void> {
    const group = await ProcessGroup.start(this.#command, this.#options);
    this.#group = group;
    void group.ended.then((ending) => {
      if (this.#group === group) this.#resolveEnded(ending);
    });
  }
}
