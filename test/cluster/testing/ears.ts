import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('ear.ts', import.meta.url));

/** Where the control plane is; else the name of a node. */
export const controlPlane = 'control-plane';

/** The command that runs another one in the network of a node, or of the control plane. */
export function inNetworkOf(initPid: number, place: string, argv: readonly string[]): string[] {
  const net =
    place === controlPlane ? `/proc/${initPid}/ns/net` : `/proc/${initPid}/root/run/netns/${place}`;
  return ['nsenter', `--net=${net}`, '--', ...argv];
}

class Ear {
  readonly heard: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<string, () => void>();

  constructor(argv: readonly string[]) {
    const [command = '', ...args] = argv;
    this.#child = spawn(command, args);
    createInterface(this.#child.stdout).on('line', (line) => {
      this.heard.push(line);
      this.#waiting.get(line)?.();
    });
  }

  /** Resolves when it hears this, or has heard it. @throws where it does not for half a minute. */
  hears(text: string): Promise<void> {
    if (this.heard.includes(text)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`nobody heard “${text}” there`)), 30_000);
      this.#waiting.set(text, () => {
        clearTimeout(late);
        resolve();
      });
    });
  }

  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  end(): void {
    this.#child.stdin.end();
  }
}

/** Ears at the control plane and on every node: who hears whom says how the network is cut, seen from outside. */
export class Ears {
  readonly #ears: Map<string, Ear>;
  #count = 0;

  private constructor(ears: Map<string, Ear>) {
    this.#ears = ears;
  }

  static async open(initPid: number, nodes: readonly string[]): Promise<Ears> {
    const ears = [controlPlane, ...nodes].map((place) => {
      const argv = inNetworkOf(initPid, place, [process.execPath, program]);
      return [place, new Ear(argv)] as const;
    });
    await Promise.all(ears.map(([, ear]) => ear.hears('listening')));
    return new Ears(new Map(ears));
  }

  close(): void {
    for (const ear of this.#ears.values()) ear.end();
  }

  /** @returns a text that no other shout has, after it was broadcast. */
  shout(from: string): string {
    this.#count += 1;
    const text = `${from}:${this.#count}`;
    this.#ear(from).tell(`shout ${text}`);
    return text;
  }

  hears(place: string, text: string): Promise<void> {
    return this.#ear(place).hears(text);
  }

  hasHeard(place: string, text: string): boolean {
    return this.#ear(place).heard.includes(text);
  }

  /** Who hears each place, with a mark of its own for those that do not: `a > b c` for each. */
  async matrix(): Promise<string[]> {
    const lines: string[] = [];
    for (const from of this.#ears.keys()) {
      const text = this.shout(from);
      // The speaker hears itself when the packet has left. What comes after it at each ear, comes after the packet.
      await this.hears(from, text);
      await this.#all((ear) => ear.tell(`note after:${text}`), `after:${text}`);
      const listeners = [...this.#ears.keys()].filter(
        (place) => place !== from && this.hasHeard(place, text),
      );
      lines.push(`${from} > ${listeners.join(' ')}`.trim());
    }
    return lines;
  }

  async #all(act: (ear: Ear) => void, then: string): Promise<void> {
    await Promise.all(
      [...this.#ears.values()].map((ear) => {
        act(ear);
        return ear.hears(then);
      }),
    );
  }

  #ear(place: string): Ear {
    const ear = this.#ears.get(place);
    if (ear === undefined) throw new Error(`nobody listens at ${place}`);
    return ear;
  }
}
