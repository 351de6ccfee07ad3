import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { HAError } from '../api/errors.ts';
import { isAlreadyExists, isConflict, isExpired, isNotFound } from './api-error.ts';
import type { WatchEvent } from './call-options.ts';
import { KubeClient } from './client.ts';
import { nodes, podDisruptionBudgets, pods } from './resources.ts';
import { FakeApiServer, json, refusal } from './testing/fake-api-server.ts';
import type { Pod } from './api-types.ts';

let server: FakeApiServer;
let client: KubeClient;
let now = 0;
let requested: string[] = [];
const ref = { namespace: 'ns', name: 'a' };
const stop = new AbortController();

const connect = (user: object = {}, path = '') =>
  KubeClient.fromKubeConfig(server.config(user, path), {
    now: () => now,
    metrics: { request: (method, code) => requested.push(`${method} ${code}`) },
  });

const failureOf = async (call: Promise<unknown>): Promise<HAError> => {
  const error: unknown = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof HAError) return error;
  throw new Error(`expected an HAError, got ${String(error)}`);
};

beforeEach(async () => {
  now = 0;
  requested = [];
  server = await FakeApiServer.start();
  client = connect();
});

afterEach(async () => {
  await client.close();
  await server.close();
});

describe('requests', () => {
  test('each verb sends what the API server expects', async () => {
    const pod: Pod = { metadata: ref };
    await client.get(nodes, { name: 'n' });
    await client.create(pods, pod, { fieldValidation: 'Strict', fieldManager: 'me' });
    await client.apply(pods, pod, { fieldManager: 'me', force: true });
    await client.mergePatch(pods, ref, { metadata: { labels: { x: null } } });
    await client.replaceStatus(podDisruptionBudgets, { metadata: ref });
    const of = '/api/v1/namespaces/ns/pods';
    expect(
      server.requests.map(({ method, path, query, headers }) => [
        `${method} ${path}?${query.toString()}`,
        headers['content-type'],
      ]),
    ).toEqual([
      ['GET /api/v1/nodes/n?', undefined],
      [`POST ${of}?fieldValidation=Strict&fieldManager=me`, 'application/json'],
      [`PATCH ${of}/a?fieldManager=me&force=true`, 'application/apply-patch+yaml'],
      [`PATCH ${of}/a?`, 'application/merge-patch+json'],
      ['PUT /apis/policy/v1/namespaces/ns/poddisruptionbudgets/a/status?', 'application/json'],
    ]);
  });

  test('a list adds the kind that the API server leaves out, and its continue token', async () => {
    server.handler = (_request, response) =>
      json(response, 200, {
        items: [{ metadata: { name: 'a' } }],
        metadata: { resourceVersion: '7', continue: 'next' },
      });
    const list = await client.list(pods, { labelSelector: 'a=b,c', limit: 1, continue: 'x/=' });
    expect(list).toEqual({
      items: [{ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' } }],
      resourceVersion: '7',
      continue: 'next',
    });
    const { query } = server.requests[0]!;
    expect([query.get('labelSelector'), query.get('continue')]).toEqual(['a=b,c', 'x/=']);
  });

  test('an empty list may come as null', async () => {
    server.handler = (_request, response) =>
      json(response, 200, { items: null, metadata: { resourceVersion: '7' } });
    expect(await client.list(pods)).toEqual({ items: [], resourceVersion: '7' });
  });

  test('a deletion names the intended UID, and returns what is left', async () => {
    const answers = [
      { kind: 'Pod', metadata: { name: 'a', deletionTimestamp: 'then' } },
      { kind: 'Status', status: 'Success' },
    ];
    server.handler = (_request, response) => json(response, 200, answers.shift());
    const left = await client.delete(pods, ref, { uid: 'u1', gracePeriodSeconds: 0 });
    expect(left).toMatchObject({ kind: 'Pod' });
    expect(JSON.parse(server.requests[0]!.body)).toMatchObject({
      preconditions: { uid: 'u1' },
      gracePeriodSeconds: 0,
    });
    expect(await client.delete(pods, ref)).toBeUndefined();
    server.handler = (_request, response) => json(response, 404, refusal(404, 'NotFound'));
    expect(await client.delete(pods, ref)).toBeUndefined();
    server.handler = (_request, response) => json(response, 409, refusal(409, 'Conflict'));
    expect(isConflict(await failureOf(client.delete(pods, ref, { uid: 'old' })))).toBe(true);
  });

  test('a pod that was deleted without a grace period is gone, although it is returned', async () => {
    const metadata = { name: 'a', deletionTimestamp: 'then', deletionGracePeriodSeconds: 0 };
    const answers = [
      { kind: 'Pod', metadata },
      { kind: 'Pod', metadata: { ...metadata, deletionGracePeriodSeconds: 1 } },
      { kind: 'Pod', metadata: { ...metadata, finalizers: ['batch.kubernetes.io/job-tracking'] } },
    ];
    server.handler = (_request, response) => json(response, 200, answers.shift());
    expect(await client.delete(pods, ref, { gracePeriodSeconds: 0 })).toBeUndefined();
    expect(await client.delete(pods, ref)).toBeDefined();
    expect(await client.delete(pods, ref, { gracePeriodSeconds: 0 })).toBeDefined();
  });

  test('a server under the path of a gateway is called there', async () => {
    await client.close();
    client = connect({}, '/k8s/clusters/c-1/');
    await client.get(nodes, { name: 'n' });
    expect(server.requests[0]!.path).toBe('/k8s/clusters/c-1/api/v1/nodes/n');
  });
});

describe('failures', () => {
  test('a refusal has status, reason and message', async () => {
    const fail = (code: number, reason: string) => {
      server.handler = (_request, response) =>
        json(response, code, refusal(code, reason, `because ${reason}`));
      return failureOf(client.get(pods, ref));
    };
    const taken = await fail(409, 'AlreadyExists');
    expect([taken.status, taken.reason]).toEqual([409, 'AlreadyExists']);
    expect(taken.message).toContain('because AlreadyExists');
    expect([isAlreadyExists(taken), isConflict(taken)]).toEqual([true, false]);
    const conflict = await fail(409, 'Conflict');
    expect([isAlreadyExists(conflict), isConflict(conflict)]).toEqual([false, true]);
    expect(isNotFound(await fail(404, 'NotFound'))).toBe(true);
    expect(isExpired(await fail(410, 'Expired'))).toBe(true);
  });

  test('an answer that is not a Status is quoted, shortened', async () => {
    server.handler = (_request, response) => {
      response.writeHead(502).end(`<html>${'x'.repeat(10_000)}`);
    };
    const error = await failureOf(client.get(pods, ref));
    expect([error.code, error.status]).toEqual(['HA_ERR_API_STATUS', 502]);
    expect(error.message).toContain('<html>');
    expect(error.message.length).toBeLessThan(600);
  });

  test('no message contains a token', async () => {
    await client.close();
    client = connect({ token: 'very-secret' });
    server.handler = (_request, response) => json(response, 403, refusal(403, 'Forbidden'));
    const refused = await failureOf(client.get(pods, ref));
    server.handler = (_request, response) => void response.socket?.destroy();
    const cut = await failureOf(client.get(pods, ref));
    expect(server.requests[0]!.headers.authorization).toBe('Bearer very-secret');
    expect(
      JSON.stringify([refused, refused.message, cut, cut.message, String(cut.cause)]),
    ).not.toContain('very-secret');
  });

  test('a timeout, a closed connection and a closed port differ from a refusal', async () => {
    server.handler = () => {};
    const late = await failureOf(client.get(pods, ref, { timeoutMs: 20 }));
    server.handler = (_request, response) => void response.socket?.destroy();
    const cut = await failureOf(client.get(pods, ref));
    await server.close();
    const closed = await failureOf(client.get(pods, ref));
    expect([late.code, cut.code, closed.code]).toEqual([
      'HA_ERR_API_TIMEOUT',
      'HA_ERR_API_UNREACHABLE',
      'HA_ERR_API_UNREACHABLE',
    ]);
    expect(requested).toEqual(['GET <error>', 'GET <error>', 'GET <error>']);
    server = await FakeApiServer.start();
  });

  test('an incomplete answer fails at the timeout', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200).write('{"kind":');
    };
    const error = await failureOf(client.get(pods, ref, { timeoutMs: 50 }));
    expect(error.code).toBe('HA_ERR_API_TIMEOUT');
  });

  test("a caller's signal ends the call with its own reason", async () => {
    server.handler = () => {};
    const abort = new AbortController();
    const call = client.get(pods, ref, { signal: abort.signal });
    await server.seen(1);
    abort.abort(new Error('stopped'));
    await expect(call).rejects.toThrow('stopped');
  });
});

describe('connections', () => {
  test('sequential calls share connections', async () => {
    for (let i = 0; i < 20; i++) await client.get(pods, ref);
    // An answer ends just before its connection counts as idle: so two connections alternate.
    expect(server.connections).toBeLessThanOrEqual(2);
  });

  test('watches delay no call, however many there are', async () => {
    server.handler = (request, response) => {
      if (!request.query.has('watch')) return json(response, 200, {});
      response.writeHead(200).flushHeaders();
    };
    const watches = Array.from({ length: 20 }, () =>
      client
        .watch(pods, { resourceVersion: '1', timeoutSeconds: 60, signal: stop.signal })
        .next()
        .catch(() => {}),
    );
    await server.seen(20);
    await client.get(pods, ref);
    expect(server.requests.at(-1)!.query.has('watch')).toBe(false);
    await client.reset();
    await Promise.all(watches);
  });

  test('a reset closes silent connections, and the next call uses a new one', async () => {
    server.handler = () => {};
    const silent = failureOf(client.get(pods, ref));
    await server.seen(1);
    server.handler = (_request, response) => json(response, 200, {});
    await client.reset();
    expect((await silent).code).toBe('HA_ERR_API_UNREACHABLE');
    await client.ping({});
    expect(server.requests.map(({ connection }) => connection)).toEqual([0, 1]);
  });
});

describe('credentials', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'kube-client-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const withTokenFile = async (token: string) => {
    const tokenFile = join(folder, 'token');
    await writeFile(tokenFile, token);
    await client.close();
    client = connect({ authProvider: { name: 'tokenFile', config: { tokenFile } } });
    return tokenFile;
  };
  const tokens = () => server.requests.map(({ headers }) => headers.authorization);

  test('a rewritten token file is followed', async () => {
    const tokenFile = await withTokenFile('one\n');
    await client.ping({});
    await writeFile(tokenFile, 'two\n');
    now += 11_000;
    // The call that finds the token old does not wait for the file: the old token is still valid.
    await client.ping({});
    await expect.poll(async () => (await client.ping({}), tokens().at(-1))).toBe('Bearer two');
    expect(tokens().slice(0, 2)).toEqual(['Bearer one', 'Bearer one']);
  });

  test('a refused token is read again, and the call succeeds', async () => {
    const tokenFile = await withTokenFile('old');
    server.handler = ({ headers }, response) =>
      headers.authorization === 'Bearer new'
        ? json(response, 200, {})
        : json(response, 401, refusal(401, 'Unauthorized'));
    expect((await failureOf(client.ping({}))).status).toBe(401);
    await writeFile(tokenFile, 'new');
    await client.ping({});
    await writeFile(tokenFile, 'newer');
    server.handler = ({ headers }, response) =>
      headers.authorization === 'Bearer newer'
        ? json(response, 200, {})
        : json(response, 401, refusal(401, 'Unauthorized'));
    await client.ping({});
    expect(tokens().slice(-3)).toEqual(['Bearer new', 'Bearer new', 'Bearer newer']);
  });

  test('a token file that cannot be read for a while leaves the last token in use', async () => {
    const tokenFile = await withTokenFile('good');
    await client.ping({});
    await rm(tokenFile);
    for (let i = 0; i < 3; i++) {
      now += 11_000;
      await client.ping({});
    }
    expect(new Set(tokens())).toEqual(new Set(['Bearer good']));
  });
});

describe('watch', () => {
  const watch = async (signal = stop.signal) => {
    const events: WatchEvent<Pod>[] = [];
    for await (const event of client.watch(pods, {
      namespace: 'ns',
      labelSelector: 'a',
      resourceVersion: '5',
      timeoutSeconds: 60,
      signal,
    })) {
      events.push(event);
    }
    return events;
  };
  const line = (type: string, name: string) => `${JSON.stringify({ type, object: { name } })}\n`;

  test('asks for bookmarks from a version, and yields events until the end', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200);
      const all = line('ADDED', 'ä') + line('DELETED', 'b');
      // Cut in the middle of a line, and of a character.
      const bytes = Buffer.from(all);
      const cut = bytes.indexOf(0xc3) + 1;
      response.write(bytes.subarray(0, cut));
      setImmediate(() => response.end(bytes.subarray(cut)));
    };
    expect(await watch()).toEqual([
      { type: 'ADDED', object: { name: 'ä' } },
      { type: 'DELETED', object: { name: 'b' } },
    ]);
    expect(Object.fromEntries(server.requests[0]!.query)).toEqual({
      watch: 'true',
      allowWatchBookmarks: 'true',
      labelSelector: 'a',
      resourceVersion: '5',
      timeoutSeconds: '60',
    });
  });

  test('an incomplete line at the end is ignored', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200).end(`${line('ADDED', 'a')}{"type":"ADD`);
    };
    expect(await watch()).toHaveLength(1);
  });

  test('a line that is not JSON, a reset and a refusal are failures', async () => {
    server.handler = (_request, response) => {
      response.writeHead(200).end('{"type":\n');
    };
    expect((await failureOf(watch())).code).toBe('HA_ERR_API_UNREACHABLE');
    server.handler = (_request, response) => {
      response.writeHead(200).write(line('ADDED', 'a'), () => response.socket?.resetAndDestroy());
    };
    expect((await failureOf(watch())).code).toBe('HA_ERR_API_UNREACHABLE');
    server.handler = (_request, response) => json(response, 410, refusal(410, 'Expired'));
    expect(isExpired(await failureOf(watch()))).toBe(true);
  });

  test('ends with its signal', async () => {
    server.handler = (_request, response) => response.writeHead(200).flushHeaders();
    const abort = new AbortController();
    const watching = watch(abort.signal);
    await server.seen(1);
    abort.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
  });

  test('unreadable credentials are a failure like any other', async () => {
    await client.close();
    client = connect({ certFile: '/does/not/exist' });
    expect((await failureOf(watch())).code).toBe('HA_ERR_API_UNREACHABLE');
  });
});
