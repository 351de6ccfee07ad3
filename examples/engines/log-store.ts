// A replicated log that the operator leads by the member protocol (docs/engines.md). It needs nothing but Node.
//   POST /log    appends the body as one value; answers { index } once enough members have it, by the operator's sync set
//   GET  /log    all values; only the leader answers
// Variables: POD_NAME, POD_UID, DATA_DIR, PORT. The term of an entry is the epoch in which it was written, as in Raft.
import * as fs from 'node:fs';
import { type ServerResponse, createServer } from 'node:http';
import { json, text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';

/** Without a value: the beginning of a term. */
interface Entry {
  term: number;
  value?: string;
}
interface Leader {
  member: string;
  host: string;
  port: number;
}
interface Sync {
  members: string[];
  acks: number;
  revision?: number;
}
interface Order {
  member: string;
  uid?: string;
  epoch: number;
  init?: boolean;
  sync?: Sync;
  leader?: Leader;
}
interface State {
  epoch: number;
  ledEpoch: number;
  leader?: string | undefined;
  /** Of the sync set that the member was told in `epoch`. */
  revision?: number | undefined;
  loss?: { epoch: number; transactions: number; message: string };
}
/** For each term of a log, the last index in it. */
type Terms = [term: number, end: number][];

const {
  POD_NAME: name = 'log-0',
  POD_UID: uid,
  DATA_DIR: dir = '/data',
  PORT: port = '8080',
} = process.env;

// On disk: which order was accepted, and the log. Both are flushed before anything is answered.

const read = (file: string) =>
  fs.existsSync(`${dir}/${file}`) ? fs.readFileSync(`${dir}/${file}`, 'utf8') : '';
const folder = fs.openSync(dir, 'r');
function replace(file: string, content: string) {
  fs.writeFileSync(`${dir}/${file}.new`, content, { flush: true });
  fs.renameSync(`${dir}/${file}.new`, `${dir}/${file}`);
  fs.fsyncSync(folder);
}
/** If the disk fails, the process ends: it could keep no promise. */
function durably<T>(write: () => T): T {
  try {
    return write();
  } catch (error) {
    console.error(error);
    process.exit(1);
  }
}

const state = JSON.parse(read('state.json') || '{"epoch":0,"ledEpoch":0}') as State;
function save(change: Partial<State>) {
  durably(() => replace('state.json', JSON.stringify(Object.assign(state, change))));
}

const toLines = (entries: Entry[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
// A last line that a crash has cut off was never acknowledged.
let log = read('log')
  .split('\n')
  .slice(0, -1)
  .map((line) => JSON.parse(line) as Entry);
let file = rewrite();
function rewrite() {
  replace('log', toLines(log));
  return fs.openSync(`${dir}/log`, 'a');
}
function append(entries: Entry[]) {
  durably(() => fs.writeSync(file, toLines(entries)));
  durably(() => fs.fsyncSync(file));
  log.push(...entries);
}

// The role. A program that has just been started has none.

let leading:
  | {
      sync: Sync;
      start: number;
      held: Map<string, number>;
      writes: { index: number; response: ServerResponse }[];
      polls: Set<() => void>;
    }
  | undefined;
let following:
  { leader: Leader; linked: boolean; stop: AbortController; ended: Promise<void> } | undefined;

async function takeNoRole() {
  for (const { response } of leading?.writes ?? [])
    answer(response, 503, { error: 'no leader any more: it may be lost' });
  for (const wake of leading?.polls ?? []) wake();
  leading = undefined;
  following?.stop.abort();
  await following?.ended;
  following = undefined;
}

/** Length of the log that enough members of the sync set have. */
function committed(): number {
  if (leading === undefined) return 0;
  const { sync, held, start } = leading;
  const lengths = sync.members.map((member) => held.get(member) ?? 0).sort((a, b) => b - a);
  const length = sync.acks === 0 ? log.length : (lengths[sync.acks - 1] ?? 0);
  // Entries of earlier leaders are safe only together with the beginning of this term.
  return length < start ? 0 : length;
}

function acknowledge() {
  for (
    let next = leading?.writes[0];
    next && next.index <= committed();
    next = leading?.writes[0]
  ) {
    answer(next.response, 200, { index: next.index });
    leading?.writes.shift();
  }
}

/** Copies the leader's log. Each request names the end of the log on this disk, which is also the acknowledgement. */
async function replicate({ leader, stop: { signal } }: NonNullable<typeof following>) {
  while (!signal.aborted) {
    try {
      const terms: Terms = [];
      for (const [index, { term }] of log.entries()) {
        if (terms.at(-1)?.[0] !== term) terms.push([term, index]);
        terms[terms.length - 1] = [term, index + 1];
      }
      const response = await fetch(`http://${leader.host}:${leader.port}/replicate`, {
        method: 'POST',
        body: JSON.stringify({ name, epoch: state.epoch, terms }),
        signal: AbortSignal.any([signal, AbortSignal.timeout(5_000)]),
      });
      const body = (await response.json()) as { entries: Entry[]; length: number };
      if (signal.aborted || !following) return;
      following.linked = response.ok;
      if (response.ok) append(body.entries);
      else if (response.status === 409) discard(body.length);
      else await sleep(50);
    } catch {
      if (following) following.linked = false;
      await sleep(50);
    }
  }
}

/** Entries that the leader does not have were never acknowledged. They are reported, and kept beside the log. */
function discard(length: number) {
  const lost = log.slice(length);
  const kept = `discarded-${state.epoch}`;
  durably(() => replace(kept, toLines(lost)));
  const transactions = lost.filter(({ value }) => value !== undefined).length;
  if (transactions > 0)
    save({ loss: { epoch: state.epoch, transactions, message: `kept in ${dir}/${kept}` } });
  log = log.slice(0, length);
  file = durably(rewrite);
}

// The member protocol.

function report() {
  const { epoch, ledEpoch, loss } = state;
  const last = log.at(-1);
  const common = {
    uid,
    epoch,
    ledEpoch,
    loss,
    ...(last && { position: { term: last.term, offset: log.length } }),
  };
  if (leading) return { ...common, state: 'Leading', sync: leading.sync };
  if (following)
    return {
      ...common,
      state: 'Following',
      leader: following.leader.member,
      linked: following.linked,
    };
  return { ...common, state: last ? 'Detached' : 'Empty' };
}

/** Why an order is refused: a word for the operator, and a message for a person. */
function refusal(kind: string, order: Order): [string, string] | undefined {
  const { epoch } = order;
  const leader = kind === 'promote' ? name : order.leader?.member;
  if (order.member !== name || (order.uid ?? uid) !== uid)
    return ['WrongMember', `this is ${name}, ${uid}`];
  // No operator reaches this epoch: no operator could lead a member again that has acknowledged it.
  if (epoch > 1_000_000_000) return ['Invalid', 'the epoch is above 1000000000'];
  if (epoch < state.epoch) return ['StaleEpoch', `epoch ${state.epoch} has been acknowledged`];
  if (kind === 'follow' && (leader ?? name) === name)
    return ['Invalid', 'there must be a leader, and another one'];
  if (epoch === state.epoch && leader && leader !== (state.leader ?? leader))
    return ['Invalid', `${state.leader} leads in epoch ${epoch}`];
  if (epoch === state.epoch && (order.sync?.revision ?? Infinity) < (state.revision ?? 0))
    return ['StaleEpoch', `sync set ${state.revision} of epoch ${epoch} has been accepted`];
  if (kind === 'promote' && log.length === 0 && !order.init)
    return ['Empty', 'there are no data here'];
  return undefined;
}

async function obey(kind: string, order: Order): Promise<[number, object]> {
  const refused = refusal(kind, order);
  if (refused) return [409, { error: refused[0], message: refused[1], report: report() }];
  const { epoch, sync = { members: [], acks: 0 } } = order;
  const known = epoch === state.epoch ? state.leader : undefined;
  const revision = order.sync?.revision ?? (epoch === state.epoch ? state.revision : undefined);
  save({ epoch, leader: kind === 'promote' ? name : (order.leader?.member ?? known), revision });
  if (kind !== 'promote' || !leading) await takeNoRole();
  if (kind === 'promote') {
    // A follower with the beginning of this term has all that this member had at its promotion.
    if (log.at(-1)?.term !== epoch) append([{ term: epoch }]);
    leading ??= { sync, start: log.length, held: new Map(), writes: [], polls: new Set() };
    leading.sync = sync;
    save({ ledEpoch: epoch });
    acknowledge();
  } else if (kind === 'follow' && order.leader) {
    following = {
      leader: order.leader,
      linked: false,
      stop: new AbortController(),
      ended: Promise.resolve(),
    };
    following.ended = replicate(following);
  }
  return [200, report()];
}

// The server.

function answer(response: ServerResponse, status: number, body: object) {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** Length of the common part of a follower's log and this one. */
function common(terms: Terms): number {
  for (const [term, end] of terms.toReversed()) {
    const mine = log.findLastIndex((entry) => entry.term === term) + 1;
    if (mine > 0) return Math.min(mine, end);
  }
  return 0;
}

/** Sends a follower the entries after its log; waits up to a second for new ones. */
async function send(
  asked: { name: string; epoch: number; terms: Terms },
  response: ServerResponse,
) {
  const length = asked.terms.at(-1)?.[1] ?? 0;
  if (!leading || asked.epoch !== state.epoch)
    return answer(response, 503, { error: 'not the leader of that epoch' });
  if (common(asked.terms) < length) return answer(response, 409, { length: common(asked.terms) });
  leading.held.set(asked.name, length);
  acknowledge();
  if (length === log.length) {
    const { polls } = leading;
    await new Promise<void>((wake) => {
      const woken = () => {
        polls.delete(woken);
        wake();
      };
      polls.add(woken);
      setTimeout(woken, 1_000);
    });
  }
  if (leading) answer(response, 200, { entries: log.slice(length, length + 1_000) });
  else answer(response, 503, { error: 'no leader any more' });
}

/** Orders run one after the other. */
let orders: Promise<unknown> = Promise.resolve();

// Connections stay open: their end tells the operator that this process has ended.
const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
  const route = `${request.method} ${request.url}`;
  const kind = /^POST \/haservice\/v1\/(promote|follow|fence)$/.exec(route)?.[1];
  const serve = async () => {
    if (route === 'GET /haservice/v1/status') return answer(response, 200, report());
    if (kind !== undefined) {
      const order = (await json(request)) as Order;
      const done = orders.then(() => obey(kind, order));
      orders = done.catch(() => {});
      return answer(response, ...(await done));
    }
    if (route === 'POST /replicate')
      return send((await json(request)) as Parameters<typeof send>[0], response);
    const value = await text(request);
    if (!leading) return answer(response, 503, { error: 'not the leader' });
    if (route === 'GET /log')
      return answer(response, 200, {
        values: log.slice(0, committed()).flatMap((entry) => entry.value ?? []),
      });
    if (route !== 'POST /log') return answer(response, 404, { error: 'there is /log' });
    append([{ term: state.epoch, value }]);
    leading.writes.push({ index: log.length, response });
    for (const wake of leading.polls) wake();
    acknowledge();
  };
  // The body was cut off, or is not JSON.
  serve().catch((error: unknown) =>
    answer(response, 400, { error: 'Invalid', message: String(error) }),
  );
});
server.listen(Number(port), () => console.log(`${name} listens on ${port}`));
process.once('SIGTERM', () => process.exit(0));
