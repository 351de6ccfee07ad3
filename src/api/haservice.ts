import { HAError } from './errors.ts';
import { group } from './labels.ts';
import { type Spec, specSchema } from './spec.ts';
import type { Status } from './status.ts';

/** An HAService as the API server returns it: defaults are set, but the spec is not validated yet. */
export interface HAService {
  apiVersion?: string;
  kind?: string;
  metadata: {
    name: string;
    namespace: string;
    uid: string;
    resourceVersion: string;
    generation?: number;
    creationTimestamp?: string;
    deletionTimestamp?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec: unknown;
  status?: Status;
}

export const apiVersion = `${group}/v1alpha1`;
export const kind = 'HAService';

/** Objects of a cache are never changed, and are parsed in each pass of a reconcile. */
const parsed = new WeakMap<object, Spec>();

/** @throws HAError HA_ERR_SPEC_INVALID with the path and the fault of each wrong field. */
export function parseSpec(spec: unknown): Spec {
  const key = typeof spec === 'object' && spec !== null ? spec : undefined;
  const known = key && parsed.get(key);
  if (known !== undefined) return known;
  const result = specSchema.safeParse(spec);
  if (result.success) {
    if (key !== undefined) parsed.set(key, result.data);
    return result.data;
  }
  const faults = result.error.issues.map(
    (issue) => `spec.${issue.path.map(String).join('.')}: ${issue.message}`,
  );
  throw new HAError('HA_ERR_SPEC_INVALID', faults.join('; '), { cause: result.error });
}
