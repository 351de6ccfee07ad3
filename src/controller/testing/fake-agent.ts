import { type IncomingMessage, type Server, type ServerResponse, createServer } from 'node:http';
import type { Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import {
  type MemberReport,
  type Order,
  type OrderKind,
  type Rejection,
  type SyncSet,
  leaseHeader,
  memberReportSchema,
  orderSchemas,
  protocolPath,
} from '../../protocol/member-protocol.ts';

/** One write: the epoch in which it was accepted, and its value. */
interface Entry {
  term: number;
  value: string;
}

/** What survives a restart, and with a volume claim also the pod. */
export interface FakeVolume {
  epoch: number;
  ledEpoch: number;
  /** Undefined: Empty. */
  data: { identity: string; term: number; log: Entry[] } | undefined;
}

export const emptyVolume = (): FakeVolume => ({ epoch: 0, ledEpoch: 0, data: undefined });

export interface FakeAgentOptions {
  name: string;
  uid: string;
  volume: FakeVolume;
  /** All members of the service by name, this one too. */
  peers: Map<string, FakeAgent>;
  /** A leader stops by itself when it is granted no lease. */
  leaseMs?: number | undefined;
}

let nonces = 0;

/**
 * A member that speaks the member protocol, and its data: writes go to the followers at once. It stands for an agent and the program
 * that the agent runs, in this process.
 */
export class FakeAgent {
  readonly name: string;
  readonly uid: string;
  readonly volume: FakeVolume;
  /** Every order that was carried out, such as `promote 3`. */
  readonly orders: string[] = [];
  state: MemberReport['state'];
  /** How many leases it was granted. */
  grants = 0;
  /** Called when it has acknowledged an order. */
  onAcknowledged = (_kind: OrderKind): void => {};
  /** Fields that its reports have in addition to, or instead of, its own; undefined leaves a field out. */
  more: { [K in keyof MemberReport]?: MemberReport[K] | undefined } = {};
  /** Receives no writes of its leader: the link is broken. */
  isCutOff = false;
  /** Answers orders of this kind with this rejection. */
  readonly refuses = new Map<OrderKind, Rejection>();
  readonly #options: FakeAgentOptions;
  readonly #sockets = new Set<Socket>();
  #server: Server | undefined;
  #address = { host: '', port: 0 };
  #leader: string | undefined;
  #sync: SyncSet | undefined;
  #loss: MemberReport['loss'];
  readonly #issued = new Map<string, number>();
  #lease: NodeJS.Timeout | undefined;
  #thaw: (() => void)[] | undefined;

  constructor(options: FakeAgentOptions) {
    this.#options = options;
    this.name = options.name;
    this.uid = options.uid;
    this.volume = options.volume;
    this.state = options.volume.data === undefined ? 'Empty' : 'Detached';
  }

  get #hasLease(): boolean {
    return this.#options.leaseMs !== undefined;
  }

  get values(): string[] {
    return (this.volume.data?.log ?? []).map(({ value }) => value);
  }

  async listen(host: string, port: number): Promise<void> {
    this.#address = { host, port };
    const server = createServer((request, response) => void this.#answer(request, response));
    server.on('connection', (socket) => {
      this.#sockets.add(socket);
      socket.on('close', () => this.#sockets.delete(socket));
    });
    this.#server = server;
    await new Promise<void>((resolve) => server.listen(port, host, resolve));
  }

  /** Like SIGKILL: connections are reset, and refused from then on. */
  kill(): void {
    clearTimeout(this.#lease);
    this.#server?.close();
    this.#server = undefined;
    for (const socket of this.#sockets) socket.resetAndDestroy();
    this.state = this.volume.data === undefined ? 'Empty' : 'Detached';
    this.#leader = undefined;
    this.#sync = undefined;
  }

  /** The kubelet starts the container again. */
  restart(): Promise<void> {
    return this.listen(this.#address.host, this.#address.port);
  }

  /** Like SIGSTOP: it answers nothing, while its kernel still accepts connections. */
  freeze(): void {
    this.#thaw ??= [];
  }

  thaw(): void {
    const waiting = this.#thaw ?? [];
    this.#thaw = undefined;
    for (const go of waiting) go();
  }

  /** A client's write. @returns Whether it is acknowledged; false: refused, or acknowledged by too few followers. */
  write(value: string): boolean {
    const { data } = this.volume;
    if (this.state !== 'Leading' || data === undefined || !this.#isUp()) return false;
    data.log.push({ term: data.term, value });
    const acks = [...this.#options.peers.values()].filter((peer) => peer.#replicate(this));
    const { members, acks: needed } = this.#sync ?? { members: [], acks: 0 };
    return acks.filter(({ name }) => members.includes(name)).length >= needed;
  }

  report(): MemberReport {
    const nonce = `n${++nonces}`;
    this.#issued.set(nonce, performance.now());
    const { epoch, ledEpoch, data } = this.volume;
    const isFollowing = this.state === 'Following';
    return memberReportSchema.parse({
      uid: this.uid,
      state: this.state,
      epoch,
      ledEpoch,
      ...(isFollowing ? { leader: this.#leader } : {}),
      // Members with a lease do not replicate.
      ...(isFollowing && !this.#hasLease ? { linked: this.#link() !== undefined } : {}),
      ...(data === undefined
        ? {}
        : { position: { term: data.term, offset: data.log.length }, identity: data.identity }),
      ...(this.state === 'Leading' && this.#sync !== undefined ? { sync: this.#sync } : {}),
      ...(this.#loss === undefined ? {} : { loss: this.#loss }),
      nonce,
      ...this.more,
    });
  }

  #isUp(): boolean {
    return this.#server !== undefined && this.#thaw === undefined;
  }

  /** The leader, if the stream from it is open. */
  #link(): FakeAgent | undefined {
    const leader = this.#options.peers.get(this.#leader ?? '');
    const stands = leader?.state === 'Leading' && leader.#isUp() && this.#isUp() && !this.isCutOff;
    return stands ? leader : undefined;
  }

  /** Copies the leader's data. @returns Whether this member now follows it. */
  #replicate(leader: FakeAgent): boolean {
    if (this.state !== 'Following' || this.#link() !== leader) return false;
    const from = leader.volume.data;
    if (from === undefined) return false;
    const own = this.volume.data?.log ?? [];
    const common = own.findIndex(
      ({ term, value }, at) => from.log[at]?.term !== term || from.log[at]?.value !== value,
    );
    if (common >= 0) {
      const lost = own.length - common;
      const message = `${lost} writes of ${this.name} were discarded`;
      this.#loss = { epoch: this.volume.epoch, bytes: lost, transactions: lost, message };
    }
    this.volume.data = structuredClone(from);
    return true;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await text(request).catch(() => '');
    if (this.#thaw !== undefined) await new Promise<void>((go) => this.#thaw?.push(go));
    const send = (status: number, answer: object) =>
      response
        .writeHead(status, { 'content-type': 'application/json' })
        .end(JSON.stringify(answer));
    const [, kind = ''] = (request.url ?? '').split(`${protocolPath}/`);
    const grant = String(request.headers[leaseHeader] ?? '');
    if (request.method === 'GET' && kind === 'status') {
      if (this.state === 'Leading') this.#extend(grant);
      const report = this.report();
      return void send(report.problem === undefined ? 200 : 503, report);
    }
    if (!(kind in orderSchemas)) return void send(404, {});
    const rejection = this.#obey(kind as OrderKind, body, grant);
    const report = this.report();
    if (rejection === undefined) send(200, report);
    else send(409, { error: rejection, message: `${this.name} refuses`, report });
  }

  #obey(kind: OrderKind, body: string, grant: string): Rejection | undefined {
    const parsed = orderSchemas[kind].safeParse(JSON.parse(body));
    if (!parsed.success) return 'Invalid';
    const order: Order = parsed.data;
    if (order.member !== this.name || (order.uid ?? this.uid) !== this.uid) return 'WrongMember';
    if (order.epoch < this.volume.epoch) return 'StaleEpoch';
    const refused = this.refuses.get(kind) ?? this.#carryOut(kind, order, grant);
    if (refused !== undefined) return refused;
    this.volume.epoch = order.epoch;
    this.orders.push(`${kind} ${order.epoch}`);
    this.onAcknowledged(kind);
    return undefined;
  }

  #carryOut(kind: OrderKind, order: Order, grant: string): Rejection | undefined {
    if (kind === 'promote') {
      const { init, sync } = order as Order<'promote'>;
      if (this.volume.data === undefined && !init) return 'Empty';
      if (this.#options.leaseMs !== undefined && !this.#extend(grant)) return 'Failed';
      this.volume.data ??= { identity: `${this.name}-${order.epoch}`, term: 0, log: [] };
      this.volume.data.term = order.epoch;
      this.volume.ledEpoch = order.epoch;
      this.#sync = sync;
      this.#leader = undefined;
      this.state = 'Leading';
      return undefined;
    }
    clearTimeout(this.#lease);
    this.#sync = undefined;
    this.#leader = undefined;
    if (kind === 'follow') {
      const { leader } = order as Order<'follow'>;
      const peer = this.#options.peers.get(leader.member);
      const { data } = this.volume;
      const isCopyOf = peer?.volume.data?.identity === data?.identity;
      if (data !== undefined && !isCopyOf && !this.#hasLease) return 'Foreign';
      this.#leader = leader.member;
      this.volume.epoch = order.epoch;
      this.state = 'Following';
      if (peer !== undefined) this.#replicate(peer);
    } else {
      this.state = this.volume.data === undefined ? 'Empty' : 'Detached';
    }
    return undefined;
  }

  /** Renews a leader's lease. @returns Whether the grant is valid. */
  #extend(grant: string): boolean {
    const { leaseMs } = this.#options;
    if (leaseMs === undefined) return true;
    const [nonce = '', ms] = grant.split(' ');
    const endsAt = (this.#issued.get(nonce) ?? -Infinity) + Math.min(Number(ms), leaseMs);
    if (!(endsAt > performance.now())) return false;
    clearTimeout(this.#lease);
    this.#lease = setTimeout(() => this.#expire(), endsAt - performance.now());
    this.grants++;
    return true;
  }

  /** A frozen member is stopped by its watchdog, which answers nothing either: the member stays silent. */
  #expire(): void {
    if (this.#thaw === undefined) this.kill();
    else this.state = 'Detached';
  }
}
