import type { KubeObject, Pod } from './api-types.ts';
import type { Ref, ResourceType } from './resources.ts';

type Type = ResourceType<KubeObject>;

export interface CreateOptions {
  /** An unknown field is an error, instead of being dropped. */
  fieldValidation?: 'Strict';
  fieldManager?: string;
  /** Only asks whether the API server would take the object. */
  dryRun?: 'All';
}

export interface ApplyOptions {
  fieldManager: string;
  /** Applies the status alone. */
  subresource?: 'status';
}

/** One request to the API server, as plain data. KubeClient documents what each one does. */
export type ApiRequest =
  | { verb: 'ping'; timeoutMs?: number }
  /** Breaks all connections. */
  | { verb: 'reset' }
  | { verb: 'get'; type: Type; ref: Ref; timeoutMs?: number }
  | ({ verb: 'create'; type: Type; object: KubeObject } & CreateOptions)
  | ({ verb: 'apply'; type: Type; object: KubeObject } & ApplyOptions)
  | { verb: 'mergePatch'; type: Type; ref: Ref; patch: object }
  | { verb: 'replaceStatus'; type: Type; object: KubeObject }
  | { verb: 'delete'; type: Type; ref: Ref; uid?: string; gracePeriodSeconds?: number }
  | { verb: 'evict'; type: Type; ref: Ref; uid: string; gracePeriodSeconds?: number };

/**
 * Work that needs the API server: it yields each request, and goes on with the answer that its driver gives, or with the
 * HAError that the driver throws. It never waits by itself, so the shipped driver (drive.ts) and the simulator's model of an
 * API server run the very same code. Work that is given up is not resumed: each step may be the last one.
 */
export type Steps<T> = Generator<ApiRequest, T, unknown>;

/** The end of steps: what they returned, or what they threw. */
export type StepsEnd<T> = { value: T } | { error: unknown };

/**
 * Answers the requests of steps until their end, and then calls `done`, once: never during the call itself. Steps that are given up
 * have no end, and `done` is not called. The shipped driver gives up none: after the signal their requests fail with its reason, which
 * need not be an HAError. The simulator's driver does the same, and gives up the steps of a process that dies.
 */
export type Driver = <T>(
  steps: Steps<T>,
  signal: AbortSignal,
  done: (end: StepsEnd<T>) => void,
) => void;

export function* ping(options: { timeoutMs?: number } = {}): Steps<void> {
  yield { verb: 'ping', ...options };
}

export function* resetConnections(): Steps<void> {
  yield { verb: 'reset' };
}

export function* get<T extends KubeObject>(
  type: ResourceType<T>,
  ref: Ref,
  options: { timeoutMs?: number } = {},
): Steps<T> {
  return (yield { verb: 'get', type, ref, ...options }) as T;
}

export function* create<T extends KubeObject>(
  type: ResourceType<T>,
  object: T,
  options: CreateOptions = {},
): Steps<T> {
  return (yield { verb: 'create', type, object, ...options }) as T;
}

export function* apply<T extends KubeObject>(
  type: ResourceType<T>,
  object: T,
  options: ApplyOptions,
): Steps<T> {
  return (yield { verb: 'apply', type, object, ...options }) as T;
}

export function* mergePatch<T extends KubeObject>(
  type: ResourceType<T>,
  ref: Ref,
  patch: object,
): Steps<T> {
  return (yield { verb: 'mergePatch', type, ref, patch }) as T;
}

export function* replaceStatus<T extends KubeObject>(type: ResourceType<T>, object: T): Steps<T> {
  return (yield { verb: 'replaceStatus', type, object }) as T;
}

/** @returns the object if it ends gracefully and is still there. */
export function* deleteObject(
  type: ResourceType<KubeObject>,
  ref: Ref,
  options: { uid?: string; gracePeriodSeconds?: number } = {},
): Steps<KubeObject | undefined> {
  return (yield { verb: 'delete', type, ref, ...options }) as KubeObject | undefined;
}

/** Deletes a pod gracefully, if its disruption budget allows that. Fails if there is no pod with this UID. */
export function* evict(
  type: ResourceType<Pod>,
  ref: Ref,
  options: { uid: string; gracePeriodSeconds?: number },
): Steps<void> {
  yield { verb: 'evict', type, ref, ...options };
}
