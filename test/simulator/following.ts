import type { Order } from '../../src/protocol/member-protocol.ts';
import type { Leadership, Stream } from './leadership.ts';
import type { MemberBehaviour } from './setups.ts';
import { type Data, type Entry, type Volume, forkOf, historyOf, takeTerm } from './volume.ts';

const retryMs = 500;

/** Where the program of a leader listens. */
export type Address = Pick<Order<'follow'>['leader'], 'host' | 'port'>;

/** What following needs of the member that follows. */
export interface FollowerHost {
  readonly name: string;
  readonly place: string;
  readonly volume: Volume;
  readonly behaviour: MemberBehaviour;
  /** While the process runs and this is what it does. */
  timer(ms: number, run: () => void): void;
  /** Asks the process at that address, and calls back with the answer, unless that is lost. */
  ask(address: Address, question: (leader: Leader) => void): void;
  /** To the leader, over the stream's connection. False if it is known to be lost. */
  toLeader(leader: Leader, message: () => void): boolean;
  fromLeader(leader: Leader, message: () => void): boolean;
  cloneMs(): number;
  /** A copy begins, for which there must be space. */
  makeRoom(): void;
  /** Whether the leader still has the log from the position of this member on. */
  isLogKept(): boolean;
  /** What it holds now is a copy, in place of `before`. */
  writeDown(before: Data | undefined): void;
}

/** A member that may lead, as its followers see it. */
export interface Leader {
  readonly place: string;
  readonly leadership: Leadership | undefined;
  deliver(message: () => void): void;
}

/** Follows one leader in one epoch: connects, becomes a copy if its log has diverged, and acknowledges. */
export class Following {
  order: Order<'follow'>;
  linked = false;
  cloning = false;
  readonly #host: FollowerHost;
  #isOver = false;
  #stream: { leader: Leader; leadership: Leadership; stream: Stream } | undefined;

  constructor(host: FollowerHost, order: Order<'follow'>) {
    this.#host = host;
    this.order = order;
    // What does not replicate follows by being told so.
    if (!host.behaviour.replicates) return;
    this.cloning = host.volume.data === undefined;
    this.repeat(order);
    this.#connect();
  }

  /** The order names the log of the leader, which may have been received already. */
  repeat(order: Order<'follow'>): undefined {
    this.order = order;
    const { volume, behaviour } = this.#host;
    if (volume.data !== undefined && order.history === historyOf(volume.data.line)) {
      takeTerm(volume.data, volume.data.line, order, behaviour);
    }
  }

  end(): void {
    this.#isOver = true;
    this.#endStream();
  }

  #endStream(): void {
    const open = this.#stream;
    this.#stream = undefined;
    if (open === undefined) return;
    this.#host.toLeader(open.leader, () => open.leadership.close(open.stream));
  }

  #connect(): void {
    if (this.#isOver) return;
    let answered = false;
    this.#host.ask(this.order.leader, (leader) => {
      answered = true;
      this.#begin(leader);
    });
    this.#host.timer(retryMs, () => {
      if (!answered && this.#stream === undefined) this.#connect();
    });
  }

  /** The leader has been reached, and looks at what this member holds. */
  #begin(leader: Leader): void {
    const { leadership } = leader;
    if (this.#isOver || this.#stream !== undefined) return;
    if (leadership === undefined) return this.#retry();
    leadership.asked();
    const own = this.#host.volume.data;
    const theirs = leadership.data;
    if (own?.identity !== theirs.identity || own.history !== theirs.history) return this.#clone();
    const fork = forkOf(own.log, theirs.log);
    if (own.log.length > fork) return this.#clone();
    if (own.log.length < theirs.log.length && !this.#host.isLogKept()) return this.#clone();
    const stream: Stream = {
      follower: this.#host.name,
      acked: 0,
      sent: fork,
      push: () => {
        const from = stream.sent;
        const entries = leadership.data.log.slice(from);
        stream.sent = from + entries.length;
        const sent = this.#host.fromLeader(leader, () => this.#take(stream, from, entries));
        if (!sent) this.#host.timer(1_500, () => this.#broken(stream));
        return sent;
      },
    };
    this.#stream = { leader, leadership, stream };
    leader.deliver(() => leadership.open(stream));
    this.#checkLink(stream);
  }

  #clone(): void {
    this.cloning = true;
    this.linked = false;
    this.#host.makeRoom();
    if (this.#host.behaviour.clonesAcknowledge === true) {
      this.#host.ask(this.order.leader, (leader) => this.#acknowledgeAll(leader));
    }
    this.#host.timer(this.#host.cloneMs(), () => {
      if (this.#isOver) return;
      this.#endStream();
      let copied = false;
      this.#host.ask(this.order.leader, ({ leadership }) => {
        if (this.#isOver || leadership === undefined) return;
        copied = true;
        this.#copy(leadership);
        this.#connect();
      });
      this.#host.timer(retryMs, () => {
        if (!copied) this.#clone();
      });
    });
  }

  /** As the log's stream of pg_basebackup would, under the name of a member: what it gets is part of nothing yet. */
  #acknowledgeAll(leader: Leader): void {
    const { leadership } = leader;
    if (this.#isOver || !this.cloning || leadership === undefined || this.#stream) return;
    const stream: Stream = {
      ...{ follower: this.#host.name, acked: 0, sent: 0 },
      push: () => {
        const offset = leadership.data.log.length;
        return this.#host.toLeader(leader, () => leadership.ack(stream, offset));
      },
    };
    this.#stream = { leader, leadership, stream };
    leader.deliver(() => leadership.open(stream));
  }

  #copy({ data, line }: Leadership): void {
    const { volume } = this.#host;
    const { epoch } = this.order;
    const lost = (volume.data?.log ?? []).length - forkOf(volume.data?.log ?? [], data.log);
    if (lost > 0) volume.loss = { epoch, bytes: lost, message: `${lost} entries` };
    const before = volume.data;
    volume.data = { ...data, log: [...data.log], term: 0, isForgotten: false };
    this.#host.writeDown(before);
    takeTerm(volume.data, line, this.order, this.#host.behaviour);
    this.cloning = false;
  }

  #take(stream: Stream, from: number, entries: Entry[]): void {
    const { data } = this.#host.volume;
    if (this.#isOver || this.#stream?.stream !== stream || data === undefined) return;
    // What came before was lost: TCP would have broken.
    if (from > data.log.length) return this.#broken(stream);
    data.log.push(...entries.slice(data.log.length - from));
    takeTerm(data, this.#stream.leadership.line, this.order, this.#host.behaviour);
    this.linked = true;
    if (this.#host.volume.onDisk === undefined) this.#host.volume.isMarked = false;
    const { leader, leadership } = this.#stream;
    const offset = data.log.length;
    if (!this.#host.toLeader(leader, () => leadership.ack(stream, offset))) {
      this.#host.timer(1_500, () => this.#broken(stream));
    }
  }

  /** A stream on which nothing comes is noticed. */
  #checkLink(stream: Stream): void {
    this.#host.timer(2_000, () => {
      if (this.#stream?.stream !== stream) return;
      const { leader, leadership } = this.#stream;
      if (leader.leadership !== leadership) this.#broken(stream);
      else this.#checkLink(stream);
    });
  }

  #broken(stream: Stream): void {
    if (this.#isOver || this.#stream?.stream !== stream) return;
    const { leader, leadership } = this.#stream;
    leader.deliver(() => leadership.close(stream));
    this.#stream = undefined;
    this.linked = false;
    this.#retry();
  }

  #retry(): void {
    this.#host.timer(retryMs, () => this.#connect());
  }
}
