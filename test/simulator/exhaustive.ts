import { Violation } from './checker.ts';
import { memberCount, nameOf, uidOf } from './exhaustive-reconcile.ts';
import { faultsIn } from './exhaustive-faults.ts';
import {
  type FaultKind,
  Laws,
  type SearchOptions,
  type Step,
  replaced,
} from './exhaustive-laws.ts';
import { obey, replicate } from './exhaustive-member.ts';
import type { Consistency, Node, Process, State, View } from './exhaustive-state.ts';

/** What can happen next in any state, in every order, and what must not have happened. */
export class Transitions {
  readonly #laws: Laws;
  readonly #maxWrites: number;
  readonly #maxEpoch: number;
  readonly #areLate: boolean;
  readonly #kinds: Set<FaultKind>;
  readonly #edits: number;
  readonly #from: Consistency;

  constructor({ mutant = {}, edits = 0, from = 'Strong', ...options }: SearchOptions) {
    const { writes, epochs, kinds, late } = options;
    this.#edits = edits;
    this.#from = from;
    this.#areLate = late;
    this.#kinds = new Set(kinds);
    this.#maxEpoch = epochs;
    this.#laws = new Laws(mutant);
    this.#maxWrites = writes;
  }

  /** web-0 leads in epoch 1, the others follow, and one operator has heard them all. */
  start(faults: number): State {
    const consistency = this.#from;
    const isStrong = consistency === 'Strong';
    const syncSets = isStrong ? [{ members: [nameOf(1), nameOf(2)], acks: 1 }] : [];
    const status = this.#laws.statuses.of({
      primary: nameOf(0),
      primaryUID: uidOf(0),
      epoch: 1,
      ledEpoch: 1,
      initialized: true,
      ...(isStrong ? { syncSets } : {}),
    });
    const base = { epoch: 1, ledEpoch: 0, log: [-1], term: 1 };
    const follower: Node = { ...base, state: 'Following', leader: 0 };
    const leader: Node = {
      ...base,
      state: 'Leading',
      ledEpoch: 1,
      ...only(syncSets),
    };
    const nodes = [leader, follower, follower].map((node) => this.#laws.nodes.of(node));
    const views = nodes.map((node): View => ['Healthy', node]);
    return {
      status,
      version: 1,
      slice: uidOf(0),
      nodes,
      consistency,
      edits: this.#edits,
      operators: [{ status, version: 1, consistency, views, given: [] }],
      writes: [],
      flights: [],
      faults,
      clientWrites: 0,
      acknowledged: {},
      leaders: { 1: 0 },
    };
  }

  /** @throws Violation if a law is broken in this state. */
  next(state: State): { steps: Step[]; isQuiet: boolean } {
    const steps: Step[] = [];
    if ((this.#laws.statuses.at(state.status).epoch ?? 0) > this.#maxEpoch) {
      return { steps, isQuiet: false };
    }
    state.operators.forEach((process, by) => {
      if (process !== null) this.#operator(state, process, by, steps);
    });
    this.#messages(state, steps);
    this.#members(state, steps);
    const isQuiet = steps.length === 0;
    if (isQuiet) this.#laws.checkQuiet(state);
    if (state.faults > 0) faultsIn(this.#laws, this.#kinds, state, steps);
    if (state.edits > 0) steps.push(edit(state));
    return { steps, isQuiet };
  }

  #operator(state: State, process: Process, by: number, steps: Step[]): void {
    const put = (changed: Process): readonly (Process | null)[] =>
      replaced(state.operators, by, changed);
    if (process.version < state.version) {
      const { status, version, consistency } = state;
      const fresh = { ...process, status, version, consistency };
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
    const done = this.#reconcile(state, process, by);
    if (done !== undefined) steps.push([`op${by} reconciles`, done]);
  }

  /** Undefined if it does nothing that it has not done. */
  #reconcile(state: State, process: Process, by: number): State | undefined {
    const { orders, slice, known, write } = this.#laws.effects(process, state);
    const status = this.#laws.statusOf(known.status);
    const isTold = status !== process.status;
    const hasRead = isTold || known.version === 2;
    const version = hasRead ? state.version : process.version;
    const consistency = hasRead ? state.consistency : process.consistency;
    const flights = [...state.flights];
    const given = new Set(process.given.filter((id) => id.startsWith(`${status}/`)));
    for (const flight of orders) {
      const id = `${status}/${flight.kind}/${flight.to}`;
      const isHeard = process.views[flight.to]?.[1] === state.nodes[flight.to];
      if (given.has(id) && !isHeard) continue;
      given.add(id);
      if (!flights.some((each) => JSON.stringify(each) === JSON.stringify(flight))) {
        flights.push(flight);
      }
    }
    for (const { kind, to, epoch } of flights.slice(state.flights.length)) {
      this.#laws.checkOrder(state, kind, to, epoch);
    }
    const writes =
      write === undefined
        ? state.writes
        : [...state.writes, { by, status: this.#laws.statusOf(write), version }];
    const isNew = flights.length > state.flights.length;
    // Their order means nothing.
    if (isNew) flights.sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
    const isSame = writes === state.writes && !isNew && !hasRead;
    if (isSame && slice === state.slice) return undefined;
    const told = { ...process, status, version, consistency, given: [...given].sort() };
    const operators = replaced(state.operators, by, told);
    return { ...state, operators, writes, flights, slice };
  }

  #messages(state: State, steps: Step[]): void {
    state.writes.forEach((write, i) => {
      const writes = state.writes.toSpliced(i, 1);
      const isOwn = write.version === state.version;
      if (
        isOwn &&
        (this.#laws.statuses.at(write.status).epoch ?? 0) <
          (this.#laws.statuses.at(state.status).epoch ?? 0)
      ) {
        throw new Violation('the epoch of the status falls');
      }
      const version = isOwn ? state.version + 1 : state.version;
      const status = isOwn ? write.status : state.status;
      const process = state.operators[write.by];
      // The answer: what is there now.
      const told =
        process === null || process === undefined
          ? null
          : { ...process, status, version, consistency: state.consistency };
      const operators = replaced(state.operators, write.by, told);
      steps.push([
        `the status of op${write.by} ${isOwn ? 'lands' : 'is refused'}`,
        { ...state, writes, operators, version, status },
      ]);
    });
    state.flights.forEach((flight, i) => {
      const flights = state.flights.toSpliced(i, 1);
      const node = this.#laws.at(state, flight.to);
      const obeyed = obey(node, flight.to, flight);
      const label = `${nameOf(flight.to)} is told to ${flight.kind} in epoch ${flight.epoch}`;
      if (obeyed === undefined || obeyed === node) {
        // As if it were lost; or it may come later, and then mean something.
        if (!this.#areLate) steps.push([`${label}, in vain`, { ...state, flights }]);
        return;
      }
      const next = this.#laws.put({ ...state, flights }, flight.to, obeyed);
      steps.push([label, flight.kind === 'promote' ? this.#laws.promoted(next, flight) : next]);
    });
  }

  #members(state: State, steps: Step[]): void {
    for (let i = 0; i < memberCount; i++) {
      const node = this.#laws.at(state, i);
      if (node.state === 'Leading' && state.clientWrites < this.#maxWrites) {
        const id = state.clientWrites + 1;
        const written = this.#laws.put(state, i, { ...node, log: [...node.log, id] });
        const next = this.#laws.acknowledge({ ...written, clientWrites: id }, i, 0);
        steps.push([`a client writes ${id} to ${nameOf(i)}`, next]);
      }
      if (node.state !== 'Following' || node.leader === undefined) continue;
      const copy = replicate(node, this.#laws.at(state, node.leader));
      if (copy === undefined) continue;
      const label = `${nameOf(i)} receives what ${nameOf(node.leader)} has, and says so`;
      const isCounted =
        this.#laws.at(state, node.leader).sync?.members.includes(nameOf(i)) ?? false;
      const next = this.#laws.put(state, i, copy);
      steps.push([label, this.#laws.acknowledge(next, node.leader, isCounted ? 1 : 0)]);
    }
  }
}

/** A user asks for the other consistency. */
const edit = (state: State): Step => {
  const consistency = state.consistency === 'Strong' ? 'Eventual' : 'Strong';
  const version = state.version + 1;
  return [
    `the spec says ${consistency}`,
    { ...state, consistency, version, edits: state.edits - 1 },
  ];
};

const only = (sets: { members: string[]; acks: number }[]) =>
  sets[0] === undefined ? {} : { sync: sets[0] };
