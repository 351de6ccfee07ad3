import { epochHeader, leaseHeader } from '../../src/protocol/member-protocol.ts';
import type { ProbeTarget } from '../../src/member-client/probe.ts';
import { emitReport } from '../../src/member-client/report-connection.ts';
import type {
  ProbeConnection,
  ProbeConnectionEvents,
} from '../../src/member-client/probe-connection.ts';
import type { Clock } from '../../src/lib/clock.ts';
import type { Agent } from './agent.ts';
import type { Container } from './kubelet.ts';
import type { Network } from './network.ts';

export interface ConnectionWorld {
  readonly network: Network;
  /** Every connection of an operator that may be reset. */
  readonly connections: Set<MemberConnection>;
  /** What has this address now. */
  containerAt(ip: string): Container | undefined;
  /** An operator asks a member. */
  asked(container: Container, target: ProbeTarget): void;
}

/** A TCP connection of an operator to a member, on the model's network. */
export class MemberConnection implements ProbeConnection {
  readonly #world: ConnectionWorld;
  readonly #place: string;
  readonly #target: ProbeTarget;
  readonly #clock: Clock;
  readonly #events: ProbeConnectionEvents;
  /** The process at the other end, once it has accepted. */
  #process: Agent | undefined;
  #isOpen = false;
  #isOver = false;
  #question = 0;

  /** @param place of the operator. */
  constructor(
    world: ConnectionWorld,
    place: string,
    target: ProbeTarget,
    clock: Clock,
    events: ProbeConnectionEvents,
  ) {
    this.#world = world;
    this.#place = place;
    this.#target = target;
    this.#clock = clock;
    this.#events = events;
    world.connections.add(this);
  }

  connected = (): boolean => this.#isOpen;

  unexpectedData = (): undefined => undefined;

  close(): void {
    this.#isOver = true;
    this.#world.connections.delete(this);
  }

  /** The process has ended: its machine resets the connection. */
  reset(process: Agent): void {
    if (process === this.#process) this.#tell(process.place, () => this.#events.closed('reset'));
  }

  ask(): void {
    const { network } = this.#world;
    const { host, protocol } = this.#target;
    const container = this.#world.containerAt(host);
    if (container === undefined) return;
    const question = ++this.#question;
    const askedAt = this.#clock.now();
    const headers = protocol?.headers() ?? {};
    network.send(this.#place, container.place, () => {
      const process = this.#accept();
      process?.deliver(() => this.#answer(process, headers, { question, askedAt }));
    });
  }

  /** The request has arrived, with the connection if that is new. Nothing happens if no process has this address. */
  #accept(): Agent | undefined {
    const container = this.#world.containerAt(this.#target.host);
    if (container === undefined || this.#isOver) return undefined;
    this.#world.asked(container, this.#target);
    const { agent, place } = container;
    if (this.#process !== undefined) {
      if (agent === this.#process) return agent;
      this.#tell(place, () => this.#events.closed('reset'));
      return undefined;
    }
    const { port } = this.#target;
    const listens = port === container.port || port === container.agentPort;
    if (agent === undefined || !listens) {
      this.#tell(place, () => this.#events.refused('connection refused'));
      return undefined;
    }
    this.#process = agent;
    this.#tell(place, () => (this.#isOpen = true));
    return agent;
  }

  #answer(
    process: Agent,
    headers: Record<string, string>,
    { question, askedAt }: { question: number; askedAt: number },
  ): void {
    const { protocol } = this.#target;
    const { lease, volume } = process;
    const grant = headers[leaseHeader];
    if (grant !== undefined && Number(headers[epochHeader]) === volume.epoch) lease.grant(grant);
    const report = protocol === undefined ? undefined : process.report();
    this.#tell(process.place, () => {
      if (question !== this.#question) return;
      const rttMs = this.#clock.now() - askedAt;
      if (report === undefined) this.#events.answer(rttMs);
      else emitReport(report, { well: true, rttMs, uid: protocol?.uid }, this.#events);
    });
  }

  /** From the member's machine to the operator. */
  #tell(from: string, message: () => void): void {
    this.#world.network.send(from, this.#place, () => {
      if (!this.#isOver) message();
    });
  }
}
