type Json = Record<string, unknown>;

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** Kubernetes leaves out what is empty. */
const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  value === '' ||
  (Array.isArray(value) ? value.length === 0 : isObject(value) && Object.keys(value).length === 0);

const units: Record<string, number> = {
  ...{ '': 1, m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12 },
  ...{ Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40 },
};

/** A quantity of Kubernetes, such as 500m or 1Gi; undefined if it is none. */
export function quantity(value: unknown): number | undefined {
  const [, number, unit = ''] = /^([0-9.]+)([A-Za-z]*)$/.exec(String(value)) ?? [];
  const factor = units[unit];
  return number === undefined || factor === undefined ? undefined : Number(number) * factor;
}

/**
 * Where an object lacks what is wanted, as paths with both values. More than is wanted is fine: Kubernetes and the operator add
 * fields and entries of lists.
 */
export function missing(wanted: unknown, found: unknown, path = ''): string[] {
  if (isEmpty(wanted) && isEmpty(found)) return [];
  if (isObject(wanted) && isObject(found)) {
    return Object.entries(wanted).flatMap(([key, value]) =>
      missing(value, found[key], path === '' ? key : `${path}.${key}`),
    );
  }
  if (Array.isArray(wanted) && Array.isArray(found)) {
    return wanted.flatMap((entry: unknown, i) => missingEntry(entry, found, `${path}[${i}]`));
  }
  if (isEmpty(wanted) || wanted === found) return [];
  const [a, b] = [quantity(wanted), quantity(found)];
  if (a !== undefined && a === b) return [];
  return [`${path} should be ${short(wanted)}, and is ${short(found)}`];
}

/** What identifies an entry of a list, in Kubernetes' own lists. */
const keys = ['name', 'mountPath', 'containerPort', 'topologyKey', 'key', 'port'];

function missingEntry(entry: unknown, found: unknown[], path: string): string[] {
  const key = isObject(entry) ? keys.find((each) => entry[each] !== undefined) : undefined;
  const same =
    key !== undefined && isObject(entry)
      ? found.filter((other) => isObject(other) && other[key] === entry[key])
      : found;
  const faults = same.map((other) => missing(entry, other, path));
  if (faults.some((each) => each.length === 0)) return [];
  return faults[0] ?? [`${path} should be ${short(entry)}, and is not there`];
}

const short = (value: unknown): string => (JSON.stringify(value) ?? 'absent').slice(0, 200);
