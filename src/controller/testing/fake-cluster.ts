import { kinds } from './kinds.ts';
import type { ServerResponse } from 'node:http';
import { FakeApiServer, type Seen, json, refusal } from '../../kube/testing/fake-api-server.ts';
import { changed } from './merge-patch.ts';
import { type Path, type Selection, type Stored, keyOf, parse, selects } from './fake-paths.ts';

const lookAgainMs = 50;

interface DeleteOptions {
  preconditions?: { uid?: string };
  gracePeriodSeconds?: number;
}

interface Watcher {
  plural: string;
  selection: Selection;
  response: ServerResponse;
}

/** An API server with objects, versions, watches and guarded writes, and without validation. */
export class FakeCluster {
  readonly api: FakeApiServer;
  /** Answers a write instead of the cluster, if it returns a status. */
  refuse: (write: string, object: Stored) => { code: number; body: object } | undefined = () =>
    undefined;
  /** Kinds that clients have no right to, by their plural. */
  readonly forbidden = new Set<string>();
  /** Plurals with silent watches. */
  readonly silent = new Set<string>();
  /** Every write in its order, such as `PUT haservices/web/status`. */
  readonly writes: string[] = [];
  readonly #objects = new Map<string, Stored>();
  readonly #watchers = new Set<Watcher>();
  readonly #listeners = new Set<() => void>();
  #version = 100;

  private constructor(api: FakeApiServer) {
    this.api = api;
    api.handler = (request, response) => this.#answer(request, response);
  }

  static async start(): Promise<FakeCluster> {
    return new FakeCluster(await FakeApiServer.start());
  }

  get(plural: string, name: string, namespace = 'shop'): Stored | undefined {
    return this.#objects.get(keyOf({ plural, namespace, name }));
  }

  list(plural: string): Stored[] {
    return [...this.#objects.entries()].flatMap(([key, object]) =>
      key.startsWith(`${plural}/`) ? [object] : [],
    );
  }

  /** Creates or changes an object, as another client would. */
  put(plural: string, object: object): void {
    const stored = structuredClone(object) as Stored;
    const { namespace = '', name = '' } = stored.metadata;
    const path = { plural, namespace, name };
    const old = this.#objects.get(keyOf(path));
    stored.metadata.uid ??= old?.metadata.uid ?? `uid-${++this.#version}`;
    stored.metadata.creationTimestamp ??= new Date().toISOString();
    this.#store(path, stored, old);
  }

  remove(plural: string, name: string, namespace = 'shop'): Stored | undefined {
    const path = { plural, namespace, name };
    const old = this.#objects.get(keyOf(path));
    if (old === undefined) return undefined;
    this.#objects.delete(keyOf(path));
    const gone = structuredClone(old);
    gone.metadata.resourceVersion = String(++this.#version);
    this.#tell(plural, gone, old, undefined);
    return gone;
  }

  /** Waits until a condition on the cluster, its members, or what was written to it, is true. */
  async until(done: () => boolean): Promise<void> {
    while (!done()) {
      const changed = Promise.withResolvers<undefined>();
      const listener = () => changed.resolve(undefined);
      this.#listeners.add(listener);
      // Members may change without a change of an object.
      const timer = setTimeout(listener, lookAgainMs);
      await changed.promise;
      clearTimeout(timer);
      this.#listeners.delete(listener);
    }
  }

  async close(): Promise<void> {
    await this.api.close();
  }

  #store(path: Path & { name: string }, object: Stored, old: Stored | undefined): void {
    object.metadata.resourceVersion = String(++this.#version);
    // A real API server also returns null for an empty list that is not omitted.
    const slice = object as { endpoints?: unknown[] | null };
    if (slice.endpoints?.length === 0) slice.endpoints = null;
    this.#objects.set(keyOf(path), object);
    this.#tell(path.plural, object, old, object);
  }

  #tell(plural: string, object: Stored, old: Stored | undefined, now: Stored | undefined): void {
    if (this.silent.has(plural)) return this.#wake();
    for (const { response, selection, plural: watched } of this.#watchers) {
      if (watched !== plural) continue;
      const before = selects(selection, old);
      const after = selects(selection, now);
      if (!before && !after) continue;
      const type = !after ? 'DELETED' : before ? 'MODIFIED' : 'ADDED';
      response.write(`${JSON.stringify({ type, object })}\n`);
    }
    this.#wake();
  }

  #wake(): void {
    for (const listener of this.#listeners) listener();
  }

  #answer(request: Seen, response: ServerResponse): void {
    if (request.path === '/version') return json(response, 200, { gitVersion: 'v1.36.0' });
    const path = parse(request.path);
    if (request.method === 'GET') return this.#read(request, path, response);
    const { plural, name, subresource } = path;
    const body = JSON.parse(request.body) as Stored;
    const parts = [plural, name ?? body.metadata.name, subresource];
    const write = `${request.method} ${parts.filter((part) => part !== undefined).join('/')}`;
    this.writes.push(write);
    const refused = this.refuse(write, body);
    if (refused !== undefined) json(response, refused.code, refused.body);
    else this.#write(request, path, body, response);
    return this.#wake();
  }

  #read({ query }: Seen, path: Path, response: ServerResponse): void {
    const { plural, name } = path;
    if (name !== undefined) {
      const found = this.#objects.get(keyOf({ ...path, name }));
      return found === undefined
        ? json(response, 404, refusal(404, 'NotFound'))
        : json(response, 200, found);
    }
    if (this.forbidden.has(plural)) return json(response, 403, refusal(403, 'Forbidden'));
    const selection: Selection = {
      namespace: path.namespace,
      label: query.get('labelSelector'),
      field: query.get('fieldSelector'),
    };
    if (query.get('watch') === 'true') {
      const watcher = { plural, selection, response };
      this.#watchers.add(watcher);
      response.on('close', () => this.#watchers.delete(watcher));
      response.writeHead(200, { 'content-type': 'application/json' });
      const since = Number(query.get('resourceVersion'));
      for (const object of this.list(plural)) {
        const isNew = Number(object.metadata.resourceVersion) > since;
        if (isNew && selects(selection, object)) {
          response.write(`${JSON.stringify({ type: 'ADDED', object })}\n`);
        }
      }
      response.flushHeaders();
      return;
    }
    const items = this.list(plural).filter((object) => selects(selection, object));
    json(response, 200, { metadata: { resourceVersion: String(this.#version) }, items });
  }

  #write(request: Seen, path: Path, body: Stored, response: ServerResponse): void {
    const { plural, namespace } = path;
    const name = path.name ?? body.metadata.name ?? '';
    const at = { plural, namespace, name };
    const old = this.#objects.get(keyOf(at));
    const isPatch = request.method === 'PATCH';
    if (path.subresource === 'eviction') {
      if (old === undefined) return json(response, 404, refusal(404, 'NotFound'));
      const { deleteOptions } = body as { deleteOptions?: DeleteOptions };
      if (isAnother(old, deleteOptions)) return json(response, 409, refusal(409, 'Conflict'));
      this.#end(at, old);
      return json(response, 201, { kind: 'Status', status: 'Success' });
    }
    if (request.method === 'POST') {
      if (old !== undefined) return json(response, 409, refusal(409, 'AlreadyExists'));
      if (request.query.get('dryRun') === 'All') return json(response, 201, body);
      this.put(plural, { kind: kinds[plural], ...body });
      return json(response, 201, this.#objects.get(keyOf(at)));
    }
    if (old === undefined) return json(response, 404, refusal(404, 'NotFound'));
    if (request.method === 'DELETE') {
      return this.#delete(at, old, body as DeleteOptions, response);
    }
    const { uid, resourceVersion } = body.metadata;
    const isStale =
      (resourceVersion !== undefined && resourceVersion !== old.metadata.resourceVersion) ||
      (uid !== undefined && uid !== old.metadata.uid);
    if (isStale) return json(response, 409, refusal(409, 'Conflict'));
    const next = structuredClone(isPatch ? changed(old, body) : { ...old, status: body.status });
    if (JSON.stringify(next) !== JSON.stringify(old)) this.#store(at, next, old);
    json(response, 200, this.#objects.get(keyOf(at)));
  }

  #delete(
    at: Path & { name: string },
    old: Stored,
    options: DeleteOptions,
    response: ServerResponse,
  ): void {
    if (isAnother(old, options)) return json(response, 409, refusal(409, 'Conflict'));
    if (at.plural !== 'pods') {
      this.remove(at.plural, at.name, at.namespace);
      return json(response, 200, { kind: 'Status' });
    }
    if (options.gracePeriodSeconds !== 0) return json(response, 200, this.#end(at, old));
    // The watch tells of the end at once; the answer, which comes later, is the last state of the pod.
    const gone = this.remove(at.plural, at.name, at.namespace) ?? old;
    const deletionTimestamp = new Date().toISOString();
    const metadata = { ...gone.metadata, deletionTimestamp, deletionGracePeriodSeconds: 0 };
    setTimeout(() => json(response, 200, { ...gone, metadata }), 20);
  }

  /** A pod is to end. */
  #end(at: Path & { name: string }, old: Stored): Stored {
    const next = structuredClone(old);
    next.metadata.deletionTimestamp ??= new Date(Date.now() + 30_000).toISOString();
    this.#store(at, next, old);
    return next;
  }
}

const isAnother = ({ metadata }: Stored, options: DeleteOptions | undefined): boolean => {
  const uid = options?.preconditions?.uid;
  return uid !== undefined && uid !== metadata.uid;
};
