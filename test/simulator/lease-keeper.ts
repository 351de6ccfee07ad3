import type { Kernel } from './kernel.ts';

/** The agent's side of a lease, on a clock of its own, which runs a little faster or slower than the truth. As src/agent/lease.ts. */
export class LeaseKeeper {
  readonly #kernel: Kernel;
  readonly #rate: number;
  readonly #run: string;
  readonly #isAwake: () => boolean;
  readonly #onOver: () => void;
  #end: number | undefined;
  #isOver = false;

  /** @param isAwake False while the process is frozen: then it looks at no clock. */
  constructor(kernel: Kernel, isAwake: () => boolean, onOver: () => void) {
    this.#kernel = kernel;
    this.#isAwake = isAwake;
    this.#rate = kernel.random.between(0.995, 1.005);
    this.#run = `${kernel.random.below(1e9)}`;
    this.#onOver = onOver;
  }

  issue(): string {
    return `${this.#run}.${this.#now()}`;
  }

  isGood(grant: string | undefined): boolean {
    if (this.#isOver) return false;
    if (this.#end !== undefined) return true;
    return (this.#endOf(grant) ?? -Infinity) > this.#now();
  }

  /** False where it may not lead by that grant. */
  begin(grant: string | undefined): boolean {
    if (!this.isGood(grant)) return false;
    this.#extend(grant);
    return true;
  }

  /** More time for one that leads. */
  grant(grant: string): void {
    if (this.#end !== undefined) this.#extend(grant);
  }

  /** A lease that has been granted before the model begins. */
  settle(): void {
    this.#extend(`${this.#run}.${this.#now()} 10000`);
  }

  end(): void {
    this.#end = undefined;
  }

  /** Whether the time has run out: then the program is ended. */
  look(): void {
    if (this.#end === undefined || this.#isOver || this.#now() < this.#end) return;
    if (!this.#isAwake()) return;
    this.#isOver = true;
    this.#onOver();
  }

  #extend(grant: string | undefined): void {
    const end = this.#endOf(grant);
    if (end === undefined || end <= (this.#end ?? -Infinity)) return;
    this.#end = end;
    // A timer is late, and SIGKILL takes its time.
    const lateMs = this.#kernel.random.between(0, 20);
    this.#kernel.after((end - this.#now()) / this.#rate + lateMs, () => this.look());
  }

  #endOf(grant: string | undefined): number | undefined {
    const [nonce = '', ms = ''] = grant?.split(' ') ?? [];
    const [run, ...issued] = nonce.split('.');
    return run === this.#run ? Number(issued.join('.')) + Number(ms) : undefined;
  }

  readonly #now = () => this.#kernel.nowMs * this.#rate;
}
