import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { HAError } from '../api/errors.ts';
import { apiError, isNotFound } from './api-error.ts';
import type { ApplyOptions } from './api-request.ts';
import type {
  CallOptions,
  DeleteOptions,
  EvictOptions,
  List,
  ListOptions,
  WatchEvent,
  WatchOptions,
} from './call-options.ts';
import { Connections } from './connections.ts';
import { CredentialSource } from './credentials.ts';
import { jsonLines } from './json-lines.ts';
import type { ClientMetrics } from './metrics.ts';
import { type Ref, type ResourceType, pathOf } from './resources.ts';
import type { KubeObject } from './api-types.ts';

const defaultTimeoutMs = 10_000;

interface Request {
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  path: string;
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  contentType?: string;
}

type Query = NonNullable<Request['query']>;

/**
 * Client of the API server, over kept connections. Created once; the reflectors, the controller and the Event recorder call it
 * at any time and in parallel. Only a call that was refused with 401 is sent again; after any other error the caller decides, and
 * a write may have been done.
 *
 * Every method throws HAError: HA_ERR_API_STATUS with status and reason for an answer that is not a success,
 * HA_ERR_API_TIMEOUT, HA_ERR_API_UNREACHABLE; or the reason of the caller's signal.
 */
export class KubeClient {
  readonly #source: CredentialSource;
  readonly #connections: Connections;
  readonly #metrics: ClientMetrics | undefined;

  private constructor(source: CredentialSource, metrics: ClientMetrics | undefined) {
    this.#source = source;
    this.#connections = new Connections(source);
    this.#metrics = metrics;
  }

  static fromKubeConfig(
    config: KubeConfig,
    options: { metrics?: ClientMetrics; now?: () => number } = {},
  ): KubeClient {
    const now = options.now ?? (() => performance.now());
    return new KubeClient(new CredentialSource(config, now), options.metrics);
  }

  get<T extends KubeObject>(type: ResourceType<T>, ref: Ref, opts: CallOptions = {}): Promise<T> {
    return this.#call<T>({ method: 'GET', path: pathOf(type, ref.namespace, ref.name) }, opts);
  }

  async list<T extends KubeObject>(
    type: ResourceType<T>,
    opts: ListOptions = {},
  ): Promise<List<T>> {
    const { namespace, labelSelector, fieldSelector, limit } = opts;
    const query: Query = { labelSelector, fieldSelector, limit, continue: opts.continue };
    const path = pathOf(type, namespace);
    const { items, metadata } = await this.#call<{
      items: T[] | null;
      metadata?: { resourceVersion?: string; continue?: string };
    }>({ method: 'GET', path, query }, opts);
    return {
      // Items of a list come without apiVersion and kind.
      items: (items ?? []).map((item) => ({
        ...item,
        apiVersion: type.apiVersion,
        kind: type.kind,
      })),
      resourceVersion: metadata?.resourceVersion ?? '',
      ...(metadata?.continue ? { continue: metadata.continue } : {}),
    };
  }

  create<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    opts: CallOptions & {
      fieldValidation?: 'Strict';
      fieldManager?: string;
      dryRun?: 'All' | undefined;
    } = {},
  ): Promise<T> {
    const { fieldValidation, fieldManager, dryRun } = opts;
    const path = pathOf(type, object.metadata?.namespace);
    return this.#call<T>(
      { method: 'POST', path, body: object, query: { fieldValidation, fieldManager, dryRun } },
      opts,
    );
  }

  /** Server-side apply. If metadata.resourceVersion or uid is set, only on that version of the object, else a conflict. */
  apply<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    opts: CallOptions & ApplyOptions & { force?: boolean },
  ): Promise<T> {
    const { fieldManager, force, subresource } = opts;
    const { namespace, name = '' } = object.metadata ?? {};
    return this.#call<T>(
      {
        method: 'PATCH',
        path: pathOf(type, namespace, name, subresource),
        body: object,
        query: { fieldManager, force },
        contentType: 'application/apply-patch+yaml',
      },
      opts,
    );
  }

  mergePatch<T extends KubeObject>(
    type: ResourceType<T>,
    ref: Ref,
    patch: object,
    opts: CallOptions = {},
  ): Promise<T> {
    return this.#call<T>(
      {
        method: 'PATCH',
        path: pathOf(type, ref.namespace, ref.name),
        body: patch,
        contentType: 'application/merge-patch+json',
      },
      opts,
    );
  }

  /** Compare-and-swap of the status if metadata.resourceVersion is set. */
  replaceStatus<T extends KubeObject>(
    type: ResourceType<T>,
    object: T,
    opts: CallOptions = {},
  ): Promise<T> {
    const { namespace, name = '' } = object.metadata ?? {};
    const path = pathOf(type, namespace, name, 'status');
    return this.#call<T>({ method: 'PUT', path, body: object }, opts);
  }

  /** Returns the object if it ends gracefully and still exists, else undefined: even if there was none. */
  async delete(
    type: ResourceType<KubeObject>,
    ref: Ref,
    opts: DeleteOptions = {},
  ): Promise<KubeObject | undefined> {
    const body = { ...deleteOptions(opts), propagationPolicy: 'Background' };
    try {
      const path = pathOf(type, ref.namespace, ref.name);
      const left = await this.#call<KubeObject>({ method: 'DELETE', path, body }, opts);
      return left.kind === 'Status' || isGone(left) ? undefined : left;
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /**
   * Deletes a pod gracefully, if its disruption budget allows that. Refused with 429 if the budget does not (the reason is
   * DisruptionBudget), with 409 if the pod is another one than `uid`, with 404 if there is none.
   */
  async evict(type: ResourceType<KubeObject>, ref: Ref, opts: EvictOptions): Promise<void> {
    const path = pathOf(type, ref.namespace, ref.name, 'eviction');
    const body = {
      apiVersion: 'policy/v1',
      kind: 'Eviction',
      metadata: ref,
      deleteOptions: deleteOptions(opts),
    };
    await this.#call({ method: 'POST', path, body }, opts);
  }

  /** Yields changes until the API server ends the watch (then it returns), or `signal` comes. */
  async *watch<T extends KubeObject>(
    type: ResourceType<T>,
    { namespace, signal, ...selection }: WatchOptions,
  ): AsyncGenerator<WatchEvent<T>> {
    const query: Query = { watch: true, allowWatchBookmarks: true, ...selection };
    const path = pathOf(type, namespace);
    const what = `watch ${path}`;
    try {
      const { dispatcher, credentials } = await this.#connections.get('watches');
      const { origin, path: root } = this.#source.server;
      const { statusCode, body } = await dispatcher.request({
        origin,
        path: withQuery(root + path, query),
        method: 'GET',
        headers: { ...credentials.headers, accept: 'application/json' },
        signal,
      });
      this.#metrics?.request('GET', String(statusCode));
      if (statusCode === 401) this.#source.refused(credentials);
      if (statusCode !== 200) throw apiError(statusCode, await body.text(), what);
      yield* jsonLines<WatchEvent<T>>(body);
    } catch (error) {
      throw this.#failure(error, what, signal, undefined);
    }
  }

  /** Checks whether the API server answers: also keeps a connection warm for the next write. */
  async ping(opts: CallOptions): Promise<void> {
    await this.#call({ method: 'GET', path: '/version' }, opts);
  }

  /** Closes all connections, also those of watches, as they are silent. Pending calls fail as unreachable. */
  reset(): Promise<void> {
    return this.#connections.reset();
  }

  close(): Promise<void> {
    return this.#connections.reset();
  }

  async #call<T>(request: Request, opts: CallOptions): Promise<T> {
    const { method, path } = request;
    const what = `${method} ${path}`;
    const timeoutMs = opts.timeoutMs ?? defaultTimeoutMs;
    const deadline = AbortSignal.timeout(timeoutMs);
    const signal = opts.signal === undefined ? deadline : AbortSignal.any([opts.signal, deadline]);
    try {
      let { status, text } = await this.#send(request, signal);
      // The API server has done nothing: if the token was rotated in the meantime, the second try succeeds.
      if (status === 401) ({ status, text } = await this.#send(request, signal));
      if (status >= 300) throw apiError(status, text, what);
      return JSON.parse(text) as T;
    } catch (error) {
      if (!(error instanceof HAError)) this.#metrics?.request(method, '<error>');
      throw this.#failure(error, what, opts.signal, deadline);
    }
  }

  async #send(
    { method, path, query = {}, body, contentType = 'application/json' }: Request,
    signal: AbortSignal,
  ): Promise<{ status: number; text: string }> {
    const { dispatcher, credentials } = await this.#connections.get('calls');
    const { origin, path: root } = this.#source.server;
    const answer = await dispatcher.request({
      origin,
      path: withQuery(root + path, query),
      method,
      headers: {
        ...credentials.headers,
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': contentType }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal,
    });
    this.#metrics?.request(method, String(answer.statusCode));
    if (answer.statusCode === 401) this.#source.refused(credentials);
    return { status: answer.statusCode, text: await answer.body.text() };
  }

  #failure(
    error: unknown,
    what: string,
    signal: AbortSignal | undefined,
    deadline: AbortSignal | undefined,
  ): unknown {
    if (error instanceof HAError) return error;
    if (signal?.aborted === true) return signal.reason;
    if (deadline?.aborted === true) return new HAError('HA_ERR_API_TIMEOUT', what);
    const message = error instanceof Error ? error.message : String(error);
    return new HAError('HA_ERR_API_UNREACHABLE', `${what}: ${message}`, { cause: error });
  }
}

const deleteOptions = ({ uid, gracePeriodSeconds }: DeleteOptions) => ({
  apiVersion: 'v1',
  kind: 'DeleteOptions',
  ...(uid === undefined ? {} : { preconditions: { uid } }),
  ...(gracePeriodSeconds === undefined ? {} : { gracePeriodSeconds }),
});

/** Deleted without a grace period: of a pod, unlike other objects, the API server then returns what it was. */
const isGone = ({ metadata }: KubeObject): boolean =>
  metadata?.deletionGracePeriodSeconds === 0 && (metadata.finalizers ?? []).length === 0;

function withQuery(path: string, query: Query): string {
  const known = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${encodeURIComponent(String(value))}`],
  );
  return known.length === 0 ? path : `${path}?${known.join('&')}`;
}
