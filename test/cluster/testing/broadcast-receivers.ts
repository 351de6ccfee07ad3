import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const program = fileURLToPath(new URL('broadcast-receiver.ts', import.meta.url));

/** The network of the control plane; any other place is the name of a node. */
export const controlPlane = 'control-plane';

/** The command that runs another one in the network of a node, or of the control plane. */
export function inNetworkOf(initPid: number, place: string, argv: readonly string[]): string[] {
  const net =
    place === controlPlane ? `/proc/${initPid}/ns/net` : `/proc/${initPid}/root/run/netns/${place}`;
  return ['nsenter', `--net=${net}`, '--', ...argv];
}

class Receiver {
  readonly received: string[] = [];
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #waiting = new Map<string, () => void>();

  constructor(argv: readonly string[]) {
    const [command = '', ...args] = argv;
    this.#child = spawn(command, args);
    createInterface(this.#child.stdout).on('line', (line) => {
      this.received.push(line);
      this.#waiting.get(line)?.();
    });
  }

  /** Resolves once it has received this text. @throws after half a minute. */
  receives(text: string): Promise<void> {
    if (this.received.includes(text)) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const late = setTimeout(
        () => reject(new Error(`the receiver did not get “${text}”`)),
        30_000,
      );
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

/** A receiver at the control plane and on every node: their reception shows how the network is cut, as seen from outside. */
export class BroadcastReceivers {
  readonly #receivers: Map<string, Receiver>;
  #count = 0;

  private constructor(receivers: Map<string, Receiver>) {
    this.#receivers = receivers;
  }

  static async open(initPid: number, nodes: readonly string[]): Promise<BroadcastReceivers> {
    const receivers = [controlPlane, ...nodes].map((place) => {
      const argv = inNetworkOf(initPid, place, [process.execPath, program]);
      return [place, new Receiver(argv)] as const;
    });
    await Promise.all(receivers.map(([, receiver]) => receiver.receives('listening')));
    return new BroadcastReceivers(new Map(receivers));
  }

  close(): void {
    for (const receiver of this.#receivers.values()) receiver.end();
  }

  /** Sends a broadcast. @returns its text, which no other broadcast has. */
  broadcast(from: string): string {
    this.#count += 1;
    const text = `${from}:${this.#count}`;
    this.#receiver(from).tell(`broadcast ${text}`);
    return text;
  }

  receives(place: string, text: string): Promise<void> {
    return this.#receiver(place).receives(text);
  }

  hasReceived(place: string, text: string): boolean {
    return this.#receiver(place).received.includes(text);
  }

  /** For each place, the places that receive its broadcast: `a > b c`. */
  async matrix(): Promise<string[]> {
    const lines: string[] = [];
    for (const from of this.#receivers.keys()) {
      const text = this.broadcast(from);
      // A sender receives its own packet when it has left. A receiver gets a later packet only after this one.
      await this.receives(from, text);
      await this.#all((receiver) => receiver.tell(`note after:${text}`), `after:${text}`);
      const listeners = [...this.#receivers.keys()].filter(
        (place) => place !== from && this.hasReceived(place, text),
      );
      lines.push(`${from} > ${listeners.join(' ')}`.trim());
    }
    return lines;
  }

  async #all(act: (receiver: Receiver) => void, then: string): Promise<void> {
    await Promise.all(
      [...this.#receivers.values()].map((receiver) => {
        act(receiver);
        return receiver.receives(then);
      }),
    );
  }

  #receiver(place: string): Receiver {
    const receiver = this.#receivers.get(place);
    if (receiver === undefined) throw new Error(`there is no receiver at ${place}`);
    return receiver;
  }
}
