import type { Kernel } from './kernel.ts';
import type { World } from './world.ts';

/**
 * Clients that write all the time: one goes through the Service with new connections, one keeps its connection to whom it
 * once found there, and one writes to anybody who might lead.
 */
export class Clients {
  readonly #world: World;
  readonly #kernel: Kernel;
  #writes = 0;
  #kept: string | undefined;
  #isOver = false;

  constructor(world: World) {
    this.#world = world;
    this.#kernel = world.kernel;
    this.#next();
  }

  stop(): void {
    this.#isOver = true;
  }

  /** One write through the Service. */
  writeOnce(): void {
    const [uid] = this.#world.api.endpoints;
    if (uid !== undefined) this.#write(uid);
  }

  #next(): void {
    if (this.#isOver) return;
    const { random } = this.#kernel;
    this.#kernel.after(random.between(10, 250), () => {
      this.#next();
      const [served] = this.#world.api.endpoints;
      this.#kept ??= served;
      const led = [...this.#world.kubelets.containers].flatMap(([uid, { agentPort }]) =>
        agentPort === undefined ? [] : [uid],
      );
      const uid = random.pick([served, this.#kept, ...led]);
      if (uid === this.#kept && random.chance(0.05)) this.#kept = undefined;
      if (uid !== undefined) this.#write(uid);
    });
  }

  #write(uid: string): void {
    const id = ++this.#writes;
    // Clients are nobody's: a cut between members does not keep them from a node.
    this.#kernel.after(this.#kernel.random.between(0.3, 2), () => {
      const agent = this.#world.find(uid)?.agent;
      agent?.deliver(() => agent.write(id));
    });
  }
}
