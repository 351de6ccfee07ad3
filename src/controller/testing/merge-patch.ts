type Fields = Record<string, unknown>;

const isObject = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/**
 * JSON merge patch (RFC 7386); near enough to server-side apply for one manager. The object is not changed.
 *
 * @returns the object itself if the patch says nothing new.
 */
export function changed<T extends object>(object: T, patch: object): T {
  let result: Fields | undefined;
  for (const [key, value] of Object.entries(patch as Fields)) {
    const old = (object as Fields)[key];
    const next =
      isObject(value) && isObject(old)
        ? changed(old, value)
        : key === 'conditions'
          ? byType(old, value)
          : value;
    if (isSame(old, next)) continue;
    result ??= { ...(object as Fields) };
    if (next === null) delete result[key];
    else result[key] = next;
  }
  return (result as T | undefined) ?? object;
}

/** Server-side apply treats conditions as a map by their type. */
function byType(old: unknown, next: unknown): unknown {
  if (!Array.isArray(old) || !Array.isArray(next)) return next;
  const types = next.map((condition: Fields) => condition['type']);
  return [...old.filter((condition: Fields) => !types.includes(condition['type'])), ...next];
}

const isSame = (old: unknown, next: unknown): boolean =>
  old === next ||
  (next === null && old === undefined) ||
  (typeof next === 'object' && JSON.stringify(old) === JSON.stringify(next));
