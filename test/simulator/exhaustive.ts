import type { Status } from '../../src/api/status.ts';
import type { Decision } from '../../src/core/decision.ts';
import {
  type Heard,
  decideOn,
  memberCount,
  nameOf,
  ordinalOf,
  uidOf,
} from './exhaustive-decide.ts';
import { obey, replicate, reportOf, restarted } from './exhaustive-member.ts';
import {
  type Flight,
  type Node,
  type Process,
  Numbers,
  type State,
  type View,
  essenceOf,
} from './exhaustive-state.ts';
import { Violation } from './checker.ts';
import type { Plants } from './operator.ts';

/** What may go wrong: a member's process ends, one is found silent though it lives, an operator dies, a second one begins. */
export const faultKinds = ['crash', 'silence', 'restart', 'second'] as const;
type FaultKind = (typeof faultKinds)[number];

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
  /** Ends after so many states. */
  states: number;
  plants?: Plants;
}

type Step = [label: string, next: State];

const replaced = <T>(all: readonly T[], at: number, one: T): T[] => all.with(at, one);

/** What can happen next in any state, in every order, and what must not have happened. */
export class Transitions {
  readonly statuses = new Numbers<Status>();
  readonly nodes = new Numbers<Node>();
  readonly #decided = new Map<string, Decision>();
  readonly #plants: Plants;
  readonly #maxWrites: number;
  readonly #maxEpoch: number;
  readonly #areLate: boolean;
  readonly #kinds: Set<FaultKind>;

  constructor({ plants = {}, writes, epochs, kinds, late }: SearchOptions) {
    this.#areLate = late;
    this.#kinds = new Set(kinds);
    this.#maxEpoch = epochs;
    this.#plants = plants;
    this.#maxWrites = writes;
  }

  /** web-0 leads in epoch 1, the others follow, and one operator has heard them all. */
  start(faults: number): State {
    const syncSets = [{ members: [nameOf(1), nameOf(2)], acks: 1 }];
    const status = this.statuses.of({
      primary: nameOf(0),
      primaryUID: uidOf(0),
      epoch: 1,
      ledEpoch: 1,
      initialized: true,
      syncSets,
    });
    const base = { epoch: 1, ledEpoch: 0, log: [-1], term: 1 };
    const follower: Node = { ...base, state: 'Following', leader: 0 };
    const leader: Node = {
      ...base,
      state: 'Leading',
      ledEpoch: 1,
      ...only(syncSets),
    };
    const nodes = [leader, follower, follower].map((node) => this.nodes.of(node));
    const views = nodes.map((node): View => ['Healthy', node]);
    return {
      status,
      version: 1,
      slice: uidOf(0),
      nodes,
      operators: [{ status, version: 1, views, given: [] }],
      writes: [],
      flights: [],
      faults,
      clientWrites: 0,
      acknowledged: {},
      leaders: { 1: 0 },
    };
  }

  /** @throws Violation where something is broken in this state. */
  next(state: State): Step[] {
    const steps: Step[] = [];
    if ((this.statuses.at(state.status).epoch ?? 0) > this.#maxEpoch) return steps;
    state.operators.forEach((process, by) => {
      if (process !== null) this.#operator(state, process, by, steps);
    });
    this.#messages(state, steps);
    this.#members(state, steps);
    if (steps.length === 0) this.#checkQuiet(state);
    this.#faults(state, steps);
    return steps;
  }

  #operator(state: State, process: Process, by: number, steps: Step[]): void {
    const put = (changed: Process): readonly (Process | null)[] =>
      replaced(state.operators, by, changed);
    if (process.version < state.version) {
      const fresh = { ...process, status: state.status, version: state.version };
      steps.push([`op${by} sees the status`, { ...state, operators: put(fresh) }]);
    }
    state.nodes.forEach((node, i) => {
      const [verdict, known] = process.views[i] ?? ['Unknown', -1];
      if (verdict === 'Healthy' && known === node) return;
      const view: View = ['Healthy', node];
      const changed = { ...process, views: replaced(process.views, i, view) };
      steps.push([`op${by} hears ${nameOf(i)}`, { ...state, operators: put(changed) }]);
    });
    // One write at a time: it waits for the answer.
    if (state.writes.some((write) => write.by === by)) return;
    const decided = this.#decide(state, process, by);
    if (decided !== undefined) steps.push([`op${by} decides`, decided]);
  }

  /** Decisions are pure: each is made once. */
  #decision({ status, views }: Process, slice: string): Decision {
    const key = JSON.stringify([status, slice, views]);
    let decision = this.#decided.get(key);
    if (decision === undefined) {
      const heard = views.map(([verdict, number], i): Heard => {
        if (number < 0) return { verdict, generation: 0 };
        const node = this.nodes.at(number);
        return { verdict, report: reportOf(node, i), generation: 0 };
      });
      decision = decideOn(this.statuses.at(status), heard, slice, this.#plants);
      this.#decided.set(key, decision);
    }
    return decision;
  }

  /** Undefined where it does nothing that it has not done. */
  #decide(state: State, process: Process, by: number): State | undefined {
    const decision = this.#decision(process, state.slice);
    const wished = this.statuses.of(essenceOf(decision.commit?.status ?? decision.status));
    const flights = [...state.flights];
    let { slice } = state;
    const given = new Set(process.given.filter((id) => id.startsWith(`${process.status}/`)));
    const add = (flight: Flight) => {
      const id = `${process.status}/${flight.kind}/${flight.to}`;
      const isHeard = process.views[flight.to]?.[1] === state.nodes[flight.to];
      if (given.has(id) && !isHeard) return;
      given.add(id);
      if (!flights.some((each) => JSON.stringify(each) === JSON.stringify(flight))) {
        flights.push(flight);
      }
    };
    if (decision.commit !== undefined && this.#plants.promotesEarly === true) {
      const { primary = '', epoch = 0, fencing } = decision.status;
      if (fencing === undefined) add({ kind: 'promote', to: ordinalOf(primary), epoch });
    }
    for (const action of decision.actions) {
      if (action.type === 'CallHook') {
        const { member, epoch, order, action: kind } = action.call;
        const leader = order?.leader?.member;
        add({
          kind,
          to: member.ordinal,
          epoch,
          ...(order?.sync === undefined ? {} : { sync: order.sync }),
          ...(leader === undefined ? {} : { leader: ordinalOf(leader) }),
        });
      } else if (
        action.type === 'EnsureChild' &&
        action.manifest.metadata.labels?.['kubernetes.io/service-name'] === 'web'
      ) {
        const endpoints = action.manifest['endpoints'] as { targetRef: { uid: string } }[];
        slice = endpoints[0]?.targetRef.uid ?? '';
      }
    }
    for (const { kind, to, epoch } of flights.slice(state.flights.length)) {
      this.#checkOrder(state, kind, to, epoch);
    }
    const write = { by, status: wished, version: process.version };
    const writes = wished === process.status ? state.writes : [...state.writes, write];
    const isNew = flights.length > state.flights.length;
    // Their order means nothing.
    if (isNew) flights.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    const isSame = writes === state.writes && !isNew;
    if (isSame && slice === state.slice) return undefined;
    const operators = replaced(state.operators, by, { ...process, given: [...given].sort() });
    return { ...state, operators, writes, flights, slice };
  }

  #checkOrder(state: State, kind: string, to: number, epoch: number): void {
    const { epoch: landed = 0, primaryUID } = this.statuses.at(state.status);
    if (epoch > landed)
      throw new Violation(`${kind} of epoch ${epoch} before that epoch had landed`);
    if (kind === 'promote' && epoch === landed && primaryUID !== uidOf(to)) {
      throw new Violation(`${nameOf(to)} is to be promoted in the epoch of another`);
    }
  }

  #messages(state: State, steps: Step[]): void {
    state.writes.forEach((write, i) => {
      const writes = state.writes.toSpliced(i, 1);
      const isOwn = write.version === state.version;
      if (
        isOwn &&
        (this.statuses.at(write.status).epoch ?? 0) < (this.statuses.at(state.status).epoch ?? 0)
      ) {
        throw new Violation('the epoch of the status falls');
      }
      const version = isOwn ? state.version + 1 : state.version;
      const status = isOwn ? write.status : state.status;
      const process = state.operators[write.by];
      // The answer: what is there now.
      const told =
        process === null || process === undefined ? null : { ...process, status, version };
      const operators = replaced(state.operators, write.by, told);
      steps.push([
        `the status of op${write.by} ${isOwn ? 'lands' : 'is refused'}`,
        { ...state, writes, operators, version, status },
      ]);
    });
    state.flights.forEach((flight, i) => {
      const flights = state.flights.toSpliced(i, 1);
      const node = this.#at(state, flight.to);
      const obeyed = obey(node, flight.to, flight);
      const label = `${nameOf(flight.to)} is told to ${flight.kind} in epoch ${flight.epoch}`;
      if (obeyed === undefined || obeyed === node) {
        // As if it were lost; or it may come later, and then mean something.
        if (!this.#areLate) steps.push([`${label}, in vain`, { ...state, flights }]);
        return;
      }
      const next = this.#put({ ...state, flights }, flight.to, obeyed);
      steps.push([label, flight.kind === 'promote' ? this.#promoted(next, flight) : next]);
    });
  }

  /** Whoever leads holds every write that was acknowledged in an epoch before. */
  #promoted(state: State, { to, epoch }: Flight): State {
    const known = state.leaders[epoch];
    if (known !== undefined && known !== to) {
      throw new Violation(`epoch ${epoch} has two leaders: ${nameOf(known)} and ${nameOf(to)}`);
    }
    for (const [id, ackedIn] of Object.entries(state.acknowledged)) {
      if (ackedIn < epoch && !this.#at(state, to).log.includes(Number(id))) {
        throw new Violation(
          `write ${id} of epoch ${ackedIn} is lost with ${nameOf(to)} in epoch ${epoch}`,
        );
      }
    }
    return { ...state, leaders: { ...state.leaders, [epoch]: to } };
  }

  #members(state: State, steps: Step[]): void {
    for (let i = 0; i < memberCount; i++) {
      const node = this.#at(state, i);
      if (node.state === 'Leading' && state.clientWrites < this.#maxWrites) {
        const id = state.clientWrites + 1;
        const written = this.#put(state, i, { ...node, log: [...node.log, id] });
        const next = this.#acknowledge({ ...written, clientWrites: id }, i, 0);
        steps.push([`a client writes ${id} to ${nameOf(i)}`, next]);
      }
      if (node.state !== 'Following' || node.leader === undefined) continue;
      const copy = replicate(node, this.#at(state, node.leader));
      if (copy === undefined) continue;
      const label = `${nameOf(i)} receives what ${nameOf(node.leader)} has, and says so`;
      const isCounted = this.#at(state, node.leader).sync?.members.includes(nameOf(i)) ?? false;
      const next = this.#put(state, i, copy);
      steps.push([label, this.#acknowledge(next, node.leader, isCounted ? 1 : 0)]);
    }
  }

  /**
   * Where one follower is enough, as with three members. Whether its leader hears that now or later is all the same, as it
   * holds the write whatever it does afterwards.
   */
  #acknowledge(state: State, at: number, holders: number): State {
    const node = this.#at(state, at);
    const needed = (node.sync?.acks ?? 0) - (this.#plants.fewerAcks === true ? 1 : 0);
    if (holders < needed) return state;
    const acknowledged = { ...state.acknowledged };
    for (const id of node.log) {
      if (id < 0 || acknowledged[id] !== undefined) continue;
      acknowledged[id] = node.epoch;
      for (const [epoch, later] of Object.entries(state.leaders)) {
        if (Number(epoch) > node.epoch && !this.#at(state, later).log.includes(id)) {
          throw new Violation(
            `write ${id} is acknowledged in epoch ${node.epoch}, but ${nameOf(later)} leads without it`,
          );
        }
      }
    }
    return { ...state, acknowledged };
  }

  #faults(state: State, steps: Step[]): void {
    if (state.faults === 0) return;
    const left = { ...state, faults: state.faults - 1 };
    if (this.#kinds.has('crash')) this.#crashes(left, steps);
    state.operators.forEach((process, by) => {
      if (process === null) return;
      if (this.#kinds.has('silence')) this.#silences(left, process, by, steps);
      const views = Array.from({ length: memberCount }, (): View => ['Unknown', -1]);
      const fresh: Process = { status: state.status, version: state.version, views, given: [] };
      if (this.#kinds.has('restart')) {
        const operators = [...replaced(state.operators, by, null), fresh];
        steps.push([`op${by} dies, and another begins`, { ...left, operators }]);
      }
      if (this.#kinds.has('second') && state.operators.length === 1) {
        steps.push(['another operator begins', { ...left, operators: [process, fresh] }]);
      }
    });
  }

  #crashes(state: State, steps: Step[]): void {
    state.nodes.forEach((_, i) => {
      const crashed = this.#put(state, i, restarted(this.#at(state, i)));
      const operators = state.operators.map(
        (process) => process && { ...process, views: unheard(process.views, i, 'Refused') },
      );
      steps.push([`${nameOf(i)} crashes`, { ...crashed, operators }]);
    });
  }

  #silences(state: State, process: Process, by: number, steps: Step[]): void {
    process.views.forEach(([verdict], i) => {
      if (verdict !== 'Healthy') return;
      const views = unheard(process.views, i, 'Silent');
      const operators = replaced(state.operators, by, { ...process, views });
      steps.push([`op${by} finds ${nameOf(i)} silent`, { ...state, operators }]);
    });
  }

  #at(state: State, ordinal: number): Node {
    return this.nodes.at(state.nodes[ordinal] ?? -1);
  }

  /** Orders of older epochs are refused for good. */
  #put(state: State, ordinal: number, node: Node): State {
    const nodes = replaced(state.nodes, ordinal, this.nodes.of(node));
    const flights = state.flights.filter(({ to, epoch }) => to !== ordinal || epoch >= node.epoch);
    return { ...state, nodes, flights };
  }

  /** Nothing is left to happen: all must be as it is wished. */
  #checkQuiet(state: State): void {
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
  }
}

const only = (sets: { members: string[]; acks: number }[]) =>
  sets[0] === undefined ? {} : { sync: sets[0] };

const unheard = (views: readonly View[], at: number, verdict: 'Refused' | 'Silent'): View[] =>
  replaced(views, at, [verdict, views[at]?.[1] ?? -1]);
