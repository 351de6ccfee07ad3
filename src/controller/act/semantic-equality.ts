import { isDeepStrictEqual } from 'node:util';

/**
 * Whether `actual` lacks anything of `desired`. Other fields may be set (defaults, fields of other managers), but lists must be
 * equal entry by entry. An empty list equals a missing one: the API server returns null or no field then. Null means that the field
 * must be absent, or empty. A selector is compared whole: one more label selects other pods.
 */
export const needsUpdate = (desired: unknown, actual: unknown): boolean =>
  differences(desired, actual).next().done !== true;

/** The paths of the fields in which `actual` lacks something of `desired`. A list or a selector is one field. */
export function* differences(
  desired: unknown,
  actual: unknown,
  path: string[] = [],
): Generator<string[]> {
  const isAbsent = actual === undefined || actual === null;
  if (desired === null) {
    if (!isAbsent && !isEmpty(actual)) yield path;
  } else if (Array.isArray(desired)) {
    const list: unknown[] = Array.isArray(actual) ? actual : [];
    const isList = isAbsent || Array.isArray(actual);
    const same =
      isList &&
      desired.length === list.length &&
      desired.every((entry, i) => !needsUpdate(entry, list[i]));
    if (!same) yield path;
  } else if (typeof desired === 'object') {
    if (path.at(-1) === 'selector') {
      if (!isDeepStrictEqual(desired, actual)) yield path;
      return;
    }
    if (typeof actual !== 'object' || isAbsent) {
      yield path;
      return;
    }
    for (const [key, value] of Object.entries(desired)) {
      yield* differences(value, (actual as Record<string, unknown>)[key], [...path, key]);
    }
  } else if (desired !== actual) {
    yield path;
  }
}

const isEmpty = (value: unknown): boolean => Array.isArray(value) && value.length === 0;
