import type { SyncSet } from '../../src/protocol/member-protocol.ts';
import type { MemberBehaviour } from './setups.ts';
import { type Data, beginLine } from './volume.ts';

/** A follower's connection to its leader. */
export interface Stream {
  follower: string;
  /** Its log up to here is known to be held. */
  acked: number;
  /** The entries up to here were sent. */
  sent: number;
  /** Sends the entries from `sent` on; false if the connection is known to be broken. */
  push: () => boolean;
}

interface Waiting {
  offset: number;
  acknowledged: () => void;
}

/** What a member does while it leads: it takes writes, and acknowledges each when enough followers hold it. */
export class Leadership {
  epoch: number;
  readonly data: Data;
  /** Of the data while it leads: another process may lead on with them later. */
  line: number;
  /** Its log is retained for followers; otherwise the first of them makes it begin another. */
  #isRetained: boolean;
  sync: SyncSet | undefined;
  readonly #behaviour: MemberBehaviour;
  readonly #streams = new Set<Stream>();
  #waiting: Waiting[] = [];

  constructor(
    epoch: number,
    data: Data,
    sync: SyncSet | undefined,
    behaviour: MemberBehaviour,
    isRetained = true,
  ) {
    this.#isRetained = isRetained;
    this.epoch = epoch;
    this.data = data;
    this.line = data.line;
    this.sync = sync;
    this.#behaviour = behaviour;
  }

  /** Leads on in a new epoch, without a word to its followers: Redis, which knows nothing of epochs. */
  goOn(epoch: number): void {
    this.epoch = epoch;
    this.data.term = epoch;
  }

  /** A follower asks for the log. */
  asked(): void {
    if (this.#isRetained) return;
    this.#isRetained = true;
    this.line = beginLine(this.data);
  }

  setSync(sync: SyncSet | undefined): void {
    this.sync = sync;
    this.#settle();
  }

  /** It leads no more: what comes in late counts for nothing. */
  end(): void {
    this.#streams.clear();
    this.#waiting = [];
  }

  write(id: number, acknowledged: () => void): void {
    this.data.log.push({ id, term: this.data.term ?? this.epoch });
    this.#waiting.push({ offset: this.data.log.length, acknowledged });
    for (const stream of this.#streams) this.push(stream);
    this.#settle();
  }

  open(stream: Stream): void {
    this.#streams.add(stream);
    this.push(stream);
  }

  close(stream: Stream): void {
    this.#streams.delete(stream);
  }

  push(stream: Stream): void {
    if (!this.#streams.has(stream)) return;
    if (!stream.push()) this.#streams.delete(stream);
  }

  ack(stream: Stream, offset: number): void {
    if (!this.#streams.has(stream)) return;
    stream.acked = Math.max(stream.acked, offset);
    this.#settle();
  }

  #settle(): void {
    this.#waiting = this.#waiting.filter((waiting) => {
      if (!this.#isHeld(waiting.offset)) return true;
      waiting.acknowledged();
      return false;
    });
  }

  #isHeld(offset: number): boolean {
    const { acks, members } = this.sync ?? { acks: 0, members: [] };
    let held = 0;
    for (const { follower, acked } of this.#streams) {
      const counts = this.#behaviour.anyFollower || members.includes(follower);
      if (counts && acked >= offset) held++;
    }
    return held >= acks - (this.#behaviour.fewerAcks ? 1 : 0);
  }
}
