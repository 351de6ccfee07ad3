import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { KubeClient } from './client.ts';
import { Reflector, type ReflectorOptions } from './reflector.ts';
import { pods } from './resources.ts';
import { Store } from './store.ts';
import { FakeApiServer, type Seen, json, refusal } from './testing/fake-api-server.ts';
import type { Pod } from './api-types.ts';

const pod = (name: string, resourceVersion: string): Pod => ({
  kind: 'Pod',
  metadata: { name, namespace: 'shop', uid: `uid-${name}`, resourceVersion },
});

let api: FakeApiServer;
let client: KubeClient;
let store: Store<Pod>;
let clock: FakeClock;
let reflector: Reflector<Pod>;
let stop: AbortController;
let running: Promise<void>;
/** Open watches, and how lists are answered. */
let watches: { request: Seen; response: ServerResponse }[];
let answerList: (request: Seen, response: ServerResponse) => void;
let answerWatch: (request: Seen, response: ServerResponse) => void;

beforeEach(async () => {
  watches = [];
  answerList = (_request, response) =>
    json(response, 200, { metadata: { resourceVersion: '10' }, items: [pod('a', '5')] });
  answerWatch = (_request, response) => response.writeHead(200).flushHeaders();
  api = await FakeApiServer.start((request, response) => {
    if (request.query.get('watch') !== 'true') return answerList(request, response);
    watches.push({ request, response });
    answerWatch(request, response);
  });
  client = KubeClient.fromKubeConfig(api.config());
  store = new Store();
  clock = new FakeClock();
  stop = new AbortController();
  reflector = makeReflector();
  running = reflector.run(stop.signal);
});

afterEach(async () => {
  stop.abort();
  await running;
  await client.close();
  await api.close();
});

/** A reflector of its own, not started. */
const makeReflector = (options: Partial<ReflectorOptions<Pod>> = {}) =>
  new Reflector({
    client,
    type: pods,
    store,
    clock,
    random: () => 0.5,
    log: silentLog,
    labelSelector: 'app',
    ...options,
  });
/** Ends the reflector that has been started, and starts this one. */
const restart = async (options: Partial<ReflectorOptions<Pod>>) => {
  stop.abort();
  await running;
  api.requests.length = 0;
  watches = [];
  stop = new AbortController();
  store = new Store();
  reflector = makeReflector({ store, ...options });
  running = reflector.run(stop.signal);
};
const forbid = (_request: Seen, response: ServerResponse) =>
  json(response, 403, refusal(403, 'Forbidden'));
const names = () => store.list().map(({ metadata }) => metadata?.name);
const changed = () =>
  new Promise<void>((resolve) => {
    const off = store.onChange(() => {
      off();
      resolve();
    });
  });
const tell = (type: string, object: object) =>
  watches.at(-1)?.response.write(`${JSON.stringify({ type, object })}\n`);
/** Turns the event loop, and advances time, until a watch or request has come. */
const seen = async (count: number) => {
  while (api.requests.length < count) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
};

it('lists page by page, then watches from there and applies the events', async () => {
  stop.abort();
  await running;
  answerList = ({ query }, response) =>
    query.get('continue') === null
      ? json(response, 200, {
          metadata: { resourceVersion: '10', continue: 'more' },
          items: [pod('a', '5')],
        })
      : json(response, 200, { metadata: { resourceVersion: '10' }, items: [pod('b', '6')] });
  api.requests.length = 0;
  watches = [];
  stop = new AbortController();
  reflector = makeReflector();
  expect(reflector.hasSynced()).toBe(false);
  running = reflector.run(stop.signal);
  await reflector.synced;
  expect(reflector.hasSynced()).toBe(true);
  expect(names()).toEqual(['a', 'b']);
  await api.seen(3);
  const [first, , watch] = api.requests;
  expect(first?.query.get('limit')).toBe('500');
  expect(first?.query.get('labelSelector')).toBe('app');
  expect(watch?.query.get('resourceVersion')).toBe('10');
  expect(watch?.query.get('allowWatchBookmarks')).toBe('true');
  expect(watch?.query.get('labelSelector')).toBe('app');
  expect(Number(watch?.query.get('timeoutSeconds'))).toBe(450);
  tell('ADDED', pod('c', '11'));
  await changed();
  tell('DELETED', pod('a', '12'));
  await changed();
  expect(names()).toEqual(['b', 'c']);
});

it('resumes an ended watch at its last event or bookmark, without a list', async () => {
  await api.seen(2);
  tell('ADDED', pod('b', '11'));
  await changed();
  tell('BOOKMARK', { kind: 'Pod', metadata: { resourceVersion: '40' } });
  watches.at(-1)?.response.end();
  await seen(3);
  expect(api.requests[2]?.query.get('resourceVersion')).toBe('40');
  expect(names()).toEqual(['a', 'b']);
});

it('resumes after a reset and a 500, after a short wait', async () => {
  await api.seen(2);
  answerWatch = (_request, response) => json(response, 500, refusal(500, 'InternalError'));
  watches.at(-1)?.response.destroy();
  await seen(4);
  answerWatch = (_request, response) => response.writeHead(200).flushHeaders();
  const open = watches.length;
  while (watches.length === open) await seen(api.requests.length + 1);
  expect(watches.at(-1)?.request.query.get('resourceVersion')).toBe('10');
  await new Promise(setImmediate);
  tell('ADDED', pod('b', '11'));
  await changed();
  expect(names()).toEqual(['a', 'b']);
});

it.each([
  ['a lower version than before', '20'],
  ['a higher version, and older objects', '1000000020'],
])(
  'believes the API server if it tells %s: its database was restored',
  async (_what, resourceVersion) => {
    await api.seen(2);
    tell('ADDED', pod('b', '30'));
    await changed();
    tell('MODIFIED', pod('a', '31'));
    await changed();
    tell('DELETED', pod('c', '32'));
    store.observeDelete({ namespace: 'shop', name: 'd' }, 'uid-d');
    // The backup is from before b was made, and from before c and d were deleted.
    const restored = [pod('a', '5'), pod('c', '6'), pod('d', '7')];
    answerList = (_request, response) =>
      json(response, 200, { metadata: { resourceVersion }, items: restored });
    watches.at(-1)?.response.destroy();
    await seen(4);
    expect(names()).toEqual(['a', 'c', 'd']);
    expect(store.list().map(({ metadata }) => metadata?.resourceVersion)).toEqual(['5', '6', '7']);
    expect(watches.at(-1)?.request.query.get('resourceVersion')).toBe(resourceVersion);
  },
);

it('keeps its own write that is newer than a list', async () => {
  await api.seen(2);
  store.observeWrite(pod('a', '12'));
  answerList = (_request, response) =>
    json(response, 200, { metadata: { resourceVersion: '11' }, items: [pod('a', '5')] });
  watches.at(-1)?.response.destroy();
  await seen(4);
  expect(store.get('shop', 'a')?.metadata?.resourceVersion).toBe('12');
});

it('lists again if the version is too old, at once, but not repeatedly', async () => {
  await api.seen(2);
  answerList = (_request, response) =>
    json(response, 200, { metadata: { resourceVersion: '90' }, items: [pod('z', '80')] });
  tell('ERROR', refusal(410, 'Expired'));
  // No time passes: the list comes at once.
  await api.seen(4);
  expect(api.requests[2]?.query.get('watch')).toBeNull();
  expect(api.requests[3]?.query.get('resourceVersion')).toBe('90');
  expect(names()).toEqual(['z']);
  tell('ERROR', refusal(410, 'Expired'));
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  expect(api.requests).toHaveLength(4);
  await seen(5);
  expect(api.requests[4]?.query.get('watch')).toBeNull();
});

it('waits if a watch ends at once', async () => {
  answerWatch = (_request, response) => void response.writeHead(200).end();
  await api.seen(2);
  watches.at(-1)?.response.end();
  for (let i = 0; i < 50; i++) await new Promise(setImmediate);
  expect(api.requests).toHaveLength(2);
  await seen(3);
});

it('replaces a silent watch, but not one that sends bookmarks', async () => {
  await api.seen(2);
  clock.advance(179_000);
  tell('ADDED', pod('b', '11'));
  await changed();
  clock.advance(179_000);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(api.requests).toHaveLength(2);
  answerList = (_request, response) =>
    json(response, 200, { metadata: { resourceVersion: '12' }, items: [] });
  clock.advance(1_000);
  await seen(4);
  expect(api.requests[2]?.query.get('watch')).toBeNull();
  expect(api.requests[3]?.query.get('resourceVersion')).toBe('12');
});

it('asks for one object of one namespace, if told so', async () => {
  await restart({ namespace: 'system', fieldSelector: 'metadata.name=one' });
  await api.seen(2);
  for (const { path, query } of api.requests) {
    expect(path).toBe('/api/v1/namespaces/system/pods');
    expect(query.get('fieldSelector')).toBe('metadata.name=one');
  }
});

it('waits for a list that is refused, unless the kind is optional', async () => {
  answerList = forbid;
  await restart({});
  await seen(2);
  expect(reflector.hasSynced()).toBe(false);
  await restart({ optional: true });
  await reflector.synced;
  expect(reflector.hasSynced()).toBe(true);
  expect(store.isComplete).toBe(false);
});

it('reads an optional kind as soon as the API server allows that', async () => {
  const allow = answerList;
  answerList = forbid;
  await restart({ optional: true });
  await reflector.synced;
  answerList = allow;
  clock.advance(9_900);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(api.requests).toHaveLength(1);
  clock.advance(100);
  await changed();
  expect(names()).toEqual(['a']);
  expect(store.isComplete).toBe(true);
});

it('lists an optional kind again whose watch is refused, and does not call the store complete until then', async () => {
  await restart({ optional: true });
  await api.seen(2);
  expect(store.isComplete).toBe(true);
  answerWatch = forbid;
  watches.at(-1)?.response.destroy();
  while (store.isComplete) {
    clock.advance(100);
    await new Promise(setImmediate);
  }
  expect(names()).toEqual(['a']);
  const before = api.requests.length;
  answerWatch = (_request, response) => response.writeHead(200).flushHeaders();
  await seen(before + 1);
  expect(api.requests[before]?.query.get('watch')).toBeNull();
});
