import type { Status } from '../../src/api/status.ts';
import { Violation } from './checker.ts';
import { type Effects, type Heard, nameOf, reconcileOn, uidOf } from './exhaustive-reconcile.ts';
import { reportOf } from './exhaustive-member.ts';
import {
  type Consistency,
  type Flight,
  type Node,
  Numbers,
  type Process,
  type State,
  essenceOf,
} from './exhaustive-state.ts';
import type { Mutant } from './mutant.ts';

/** What may go wrong: a member's process ends, one is found silent though it lives, an operator dies, a second one begins. */
export const faultKinds = ['crash', 'silence', 'restart', 'second'] as const;
export type FaultKind = (typeof faultKinds)[number];

export interface SearchOptions {
  /** How many of these kinds, in any order and at any moment. */
  faults: number;
  kinds: readonly FaultKind[];
  /** Writes of clients. */
  writes: number;
  /** Orders that change nothing may come again, at any time. */
  late: boolean;
  /** Goes no further than to this epoch: orders that come late can begin ever new ones. */
  epochs: number;
  /** How often the spec is edited, from Strong to Eventual or back, at any moment. Default: never. */
  edits?: number;
  /** What the spec asks for at first. Default: Strong. */
  from?: Consistency;
  /** Ends after so many states. */
  states: number;
  mutant?: Mutant;
}

export type Step = [label: string, next: State];

export const replaced = <T>(all: readonly T[], at: number, one: T): T[] => all.with(at, one);

/** What all steps have in common, and what must never be. */
export class Laws {
  readonly statuses = new Numbers<Status>();
  readonly nodes = new Numbers<Node>();
  readonly mutant: Mutant;
  readonly #effects = new Map<string, Effects>();

  constructor(mutant: Mutant) {
    this.mutant = mutant;
  }

  at(state: State, ordinal: number): Node {
    return this.nodes.at(state.nodes[ordinal] ?? -1);
  }

  /** Orders of older epochs are refused for good. */
  put(state: State, ordinal: number, node: Node): State {
    const nodes = replaced(state.nodes, ordinal, this.nodes.of(node));
    const flights = state.flights.filter(({ to, epoch }) => to !== ordinal || epoch >= node.epoch);
    return { ...state, nodes, flights };
  }

  /** What an operator does with what it knows: the same each time, so that it is found out once. */
  effects({ status, version, consistency, views }: Process, state: State): Effects {
    const isNewest = version === state.version;
    const key = JSON.stringify([
      ...[status, consistency, isNewest || [state.status, state.consistency]],
      ...[state.slice, views],
    ]);
    let effects = this.#effects.get(key);
    if (effects === undefined) {
      const heard = views.map(([verdict, number], i): Heard => {
        if (number < 0) return { verdict, generation: 0 };
        const node = this.nodes.at(number);
        return { verdict, report: reportOf(node, i), generation: 0 };
      });
      const known = { status: this.statuses.at(status), version: 1, consistency };
      const landed = {
        ...{ status: this.statuses.at(state.status), version: isNewest ? 1 : 2 },
        consistency: state.consistency,
      };
      const isSame = (a: Status, b: Status) => this.statusOf(a) === this.statusOf(b);
      effects = reconcileOn(known, landed, heard, state.slice, this.mutant, isSame);
      this.#effects.set(key, effects);
    }
    return effects;
  }

  /** Its number, as far as later decisions rest on it. */
  statusOf(status: Status): number {
    return this.statuses.of(essenceOf(status));
  }

  checkOrder(state: State, kind: string, to: number, epoch: number): void {
    const { epoch: landed = 0, primaryUID } = this.statuses.at(state.status);
    if (epoch > landed)
      throw new Violation(`${kind} of epoch ${epoch} before that epoch had landed`);
    if (kind === 'promote' && epoch === landed && primaryUID !== uidOf(to)) {
      throw new Violation(`${nameOf(to)} is to be promoted in the epoch of another`);
    }
  }

  /** Strong: whoever leads holds every write that was acknowledged in an epoch before. */
  promoted(state: State, { to, epoch }: Flight): State {
    const known = state.leaders[epoch];
    if (known !== undefined && known !== to) {
      throw new Violation(`epoch ${epoch} has two leaders: ${nameOf(known)} and ${nameOf(to)}`);
    }
    for (const [id, ackedIn] of Object.entries(state.acknowledged)) {
      if (
        state.consistency === 'Strong' &&
        ackedIn < epoch &&
        !this.at(state, to).log.includes(Number(id))
      ) {
        throw new Violation(
          `write ${id} of epoch ${ackedIn} is lost with ${nameOf(to)} in epoch ${epoch}`,
        );
      }
    }
    return { ...state, leaders: { ...state.leaders, [epoch]: to } };
  }

  /**
   * Where one follower is enough, as with three members. Whether its leader hears that now or later is all the same, as it
   * holds the write whatever it does afterwards.
   */
  acknowledge(state: State, at: number, holders: number): State {
    const node = this.at(state, at);
    const needed = (node.sync?.acks ?? 0) - (this.mutant.behaviour?.fewerAcks === true ? 1 : 0);
    // Not Strong yet, or no longer: nothing is promised of what the leader alone holds.
    if (holders < needed || (needed === 0 && this.mutant.behaviour?.fewerAcks !== true))
      return state;
    const acknowledged = { ...state.acknowledged };
    for (const id of node.log) {
      if (id < 0 || acknowledged[id] !== undefined) continue;
      acknowledged[id] = node.epoch;
      for (const [epoch, later] of Object.entries(state.leaders)) {
        if (
          state.consistency === 'Strong' &&
          Number(epoch) > node.epoch &&
          !this.at(state, later).log.includes(id)
        ) {
          throw new Violation(
            `write ${id} is acknowledged in epoch ${node.epoch}, but ${nameOf(later)} leads without it`,
          );
        }
      }
    }
    return { ...state, acknowledged };
  }

  /** Nothing is left to happen: all must be as it is wished. */
  checkQuiet(state: State): void {
    const { primaryUID, fencing, failovers } = this.statuses.at(state.status);
    const at = state.nodes.findIndex((_, i) => uidOf(i) === primaryUID);
    const isWhole = state.nodes.every((number, i) => {
      const node = this.nodes.at(number);
      return i === at ? node.state === 'Leading' : node.state === 'Following' && node.leader === at;
    });
    const isRunning = failovers?.some(({ outcome }) => outcome === 'Promoting') ?? false;
    if (!isWhole || fencing !== undefined || isRunning || state.slice !== primaryUID) {
      throw new Violation('it is quiet, but not as it should be');
    }
    const waits = (at < 0 ? 0 : (this.at(state, at).sync?.acks ?? 0)) > 0;
    if (waits !== (state.consistency === 'Strong')) {
      throw new Violation(
        `it is quiet, and the spec says ${state.consistency}, but the leader ${waits ? 'waits' : 'does not wait'} for followers`,
      );
    }
  }
}
