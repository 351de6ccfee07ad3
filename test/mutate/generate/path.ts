type Container = Record<string, unknown> | unknown[];

/** The key that stands for `{}` in a path. */
export const mapKey = 'team';

/** `spec.ports[].name` as the keys from a spec on: `ports`, 0, `name`. */
export function keysOf(path: string): (string | number)[] {
  return path
    .replaceAll('[]', '.#')
    .replaceAll('{}', `.${mapKey}`)
    .split('.')
    .slice(1)
    .map((key) => (key === '#' ? 0 : key));
}

const isContainer = (value: unknown): value is Container =>
  typeof value === 'object' && value !== null;

const child = (value: unknown, key: string | number): unknown =>
  isContainer(value) ? (value as Record<string, unknown>)[key] : undefined;

export const valueAt = (spec: unknown, path: string): unknown => keysOf(path).reduce(child, spec);

/** A copy with this value; undefined: without the field. Objects and lists on the way are made if they are absent. */
export function withValue(spec: unknown, path: string, value: unknown): unknown {
  return put(spec, keysOf(path), value);
}

function put(into: unknown, keys: (string | number)[], value: unknown): unknown {
  const [key, ...rest] = keys;
  if (key === undefined) return value;
  if (value === undefined && !isContainer(into)) return into;
  const inner = rest.length === 0 ? value : put(child(into, key), rest, value);
  if (typeof key === 'number') {
    const list = Array.isArray(into) ? [...(into as unknown[])] : [];
    if (inner === undefined) list.splice(key, 1);
    else list[key] = inner;
    return list;
  }
  const fields = isContainer(into) && !Array.isArray(into) ? { ...into } : {};
  if (inner === undefined) delete fields[key];
  else fields[key] = inner;
  return fields;
}
