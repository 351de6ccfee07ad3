import type { ApiRequest, Driver, Steps } from './api-request.ts';
import type { KubeClient } from './client.ts';

export type DrivenClient = Pick<
  KubeClient,
  | 'ping'
  | 'reset'
  | 'get'
  | 'create'
  | 'apply'
  | 'mergePatch'
  | 'replaceStatus'
  | 'delete'
  | 'evict'
>;

/**
 * Runs steps against the API server.
 *
 * @throws what the steps throw.
 */
export async function drive<T>(
  steps: Steps<T>,
  client: DrivenClient,
  signal: AbortSignal,
): Promise<T> {
  let next = steps.next();
  while (next.done !== true) {
    let answer: unknown;
    try {
      answer = await send(next.value, client, signal);
    } catch (error) {
      next = steps.throw(error);
      continue;
    }
    next = steps.next(answer);
  }
  return next.value;
}

/** The driver that the operator ships with. */
export const driverOf =
  (client: DrivenClient): Driver =>
  (steps, signal, done) => {
    drive(steps, client, signal).then(
      (value) => done({ value }),
      (error: unknown) => done({ error }),
    );
  };

function send(request: ApiRequest, client: DrivenClient, signal: AbortSignal): Promise<unknown> {
  switch (request.verb) {
    case 'ping':
      return client.ping({ ...timeoutOf(request), signal });
    case 'reset':
      return client.reset();
    case 'get':
      return client.get(request.type, request.ref, { ...timeoutOf(request), signal });
    case 'create': {
      const { verb: _, type, object, ...options } = request;
      return client.create(type, object, { ...options, signal });
    }
    case 'apply': {
      const { verb: _, type, object, ...options } = request;
      return client.apply(type, object, { ...options, force: true, signal });
    }
    case 'mergePatch':
      return client.mergePatch(request.type, request.ref, request.patch, { signal });
    case 'replaceStatus':
      return client.replaceStatus(request.type, request.object, { signal });
    case 'delete': {
      const { verb: _, type, ref, ...options } = request;
      return client.delete(type, ref, { ...options, signal });
    }
    case 'evict': {
      const { verb: _, type, ref, ...options } = request;
      return client.evict(type, ref, { ...options, signal });
    }
  }
}

const timeoutOf = ({ timeoutMs }: { timeoutMs?: number }) =>
  timeoutMs === undefined ? {} : { timeoutMs };
