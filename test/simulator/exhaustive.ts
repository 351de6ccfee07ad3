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

export interface SearchOptions {
  /** Crashes of members and operators, false suspicions, and second operators, together. */
  faults: number;
  /** Writes of clients. */
  writes: number;
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

  constructor({ plants = {}, writes }: SearchOptions) {
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
    const base = { epoch: 1, ledEpoch: 0, log: [-1], term: 1, lives: 0 };
    const follower: Node = { ...base, state: 'Following', leader: 0, told: 1 };
    const leader: Node = {
      ...base,
      state: 'Leading',
      ledEpoch: 1,
      acked: [0, 1, 1],
      ...only(syncSets),
    };
    const nodes = [leader, follower, follower].map((node) => this.nodes.of(node));
    const views = nodes.map((node): View => ['Healthy', node]);
    return {
      status,
      version: 1,
      slice: uidOf(0),
      nodes,
      operators: [{ status, version: 1, views }],
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
        return { verdict, report: reportOf(node, i), generation: node.lives };
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
    const add = (flight: Flight) => {
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
    const isSame = writes === state.writes && flights.length === state.flights.length;
    return isSame && slice === state.slice ? undefined : { ...state, writes, flights, slice };
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
      // As if it were lost: it may as well come later.
      if (obeyed === undefined || obeyed === node) return;
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
        const next = this.#settled({ ...written, clientWrites: id }, i);
        steps.push([`a client writes ${id} to ${nameOf(i)}`, next]);
      }
      if (node.state === 'Following' && node.leader !== undefined) {
        this.#follow(state, i, node, node.leader, steps);
      }
    }
  }

  #follow(state: State, i: number, node: Node, leads: number, steps: Step[]): void {
    const leader = this.#at(state, leads);
    const copy = replicate(node, leader);
    if (copy !== undefined) {
      const label = `${nameOf(i)} receives what ${nameOf(leads)} has`;
      steps.push([label, this.#put(state, i, copy)]);
    } else if (
      leader.state === 'Leading' &&
      leader.epoch === node.epoch &&
      (leader.acked?.[i] ?? 0) < node.log.length
    ) {
      const acked = replaced(leader.acked ?? [], i, node.log.length);
      const next = this.#settled(this.#put(state, leads, { ...leader, acked }), leads);
      steps.push([`${nameOf(leads)} learns what ${nameOf(i)} holds`, next]);
    }
  }

  /** Acknowledges what enough followers hold. */
  #settled(state: State, at: number): State {
    const node = this.#at(state, at);
    if (node.acked === undefined) return state;
    const { members, acks } = node.sync ?? { members: [], acks: 0 };
    const needed = acks - (this.#plants.fewerAcks === true ? 1 : 0);
    const acknowledged = { ...state.acknowledged };
    node.log.forEach((id, index) => {
      if (id < 0 || acknowledged[id] !== undefined) return;
      const holders = members.filter((name) => (node.acked?.[ordinalOf(name)] ?? 0) > index);
      if (holders.length < needed) return;
      acknowledged[id] = node.epoch;
      for (const [epoch, later] of Object.entries(state.leaders)) {
        if (Number(epoch) > node.epoch && !this.#at(state, later).log.includes(id)) {
          throw new Violation(
            `write ${id} is acknowledged in epoch ${node.epoch}, but ${nameOf(later)} leads without it`,
          );
        }
      }
    });
    return { ...state, acknowledged };
  }

  #faults(state: State, steps: Step[]): void {
    if (state.faults === 0) return;
    const faults = state.faults - 1;
    state.nodes.forEach((_, i) => {
      const crashed = this.#put(state, i, restarted(this.#at(state, i)));
      const see = (process: Process | null): Process | null =>
        process && {
          ...process,
          views: replaced(process.views, i, unheard('Refused', process.views[i])),
        };
      const operators = state.operators.map(see);
      steps.push([`${nameOf(i)} crashes`, { ...crashed, faults, operators }]);
    });
    state.operators.forEach((process, by) => {
      if (process === null) return;
      process.views.forEach((view, i) => {
        if (view[0] !== 'Healthy') return;
        const views = replaced(process.views, i, unheard('Silent', view));
        const operators = replaced(state.operators, by, { ...process, views });
        steps.push([`op${by} finds ${nameOf(i)} silent`, { ...state, faults, operators }]);
      });
      const { status, version } = state;
      const views = Array.from({ length: memberCount }, (): View => ['Unknown', -1]);
      const fresh: Process = { status, version, views };
      const operators = replaced(state.operators, by, null);
      steps.push([
        `op${by} dies, and another begins`,
        { ...state, faults, operators: [...operators, fresh] },
      ]);
      if (state.operators.length === 1) {
        steps.push(['another operator begins', { ...state, faults, operators: [process, fresh] }]);
      }
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

const unheard = (verdict: 'Refused' | 'Silent', view: View | undefined): View => [
  verdict,
  view?.[1] ?? -1,
];
