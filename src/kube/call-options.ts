export interface CallOptions {
  signal?: AbortSignal;
  /** Default 10,000. */
  timeoutMs?: number;
}

export interface ListOptions extends CallOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  limit?: number | undefined;
  continue?: string | undefined;
}

export interface DeleteOptions extends CallOptions {
  /** Only the object that has this UID. */
  uid?: string;
  gracePeriodSeconds?: number;
}

export interface EvictOptions extends DeleteOptions {
  uid: string;
}

export interface WatchOptions {
  namespace?: string | undefined;
  labelSelector?: string | undefined;
  fieldSelector?: string | undefined;
  resourceVersion: string;
  timeoutSeconds: number;
  signal: AbortSignal;
}

export interface List<T> {
  items: T[];
  resourceVersion: string;
  continue?: string;
}

export interface WatchEvent<T> {
  type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  object: T;
}
