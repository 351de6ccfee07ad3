const suffixes: Record<string, readonly [base: bigint, power: bigint]> = {
  n: [10n, -9n],
  u: [10n, -6n],
  m: [10n, -3n],
  '': [10n, 0n],
  k: [10n, 3n],
  M: [10n, 6n],
  G: [10n, 9n],
  T: [10n, 12n],
  P: [10n, 15n],
  E: [10n, 18n],
  Ki: [2n, 10n],
  Mi: [2n, 20n],
  Gi: [2n, 30n],
  Ti: [2n, 40n],
  Pi: [2n, 50n],
  Ei: [2n, 60n],
};

/** No quantity of Kubernetes has a greater exponent, and a number with a thousand digits would only cost time. */
const greatestExponent = 30n;

/**
 * A resource quantity in one of its many forms as a whole number of billionths, rounded up as the API server does, so that equal
 * quantities give equal texts: `100m` and `0.1`, `1Gi` and `1024Mi`. What is no quantity stays as it is: the API server will refuse it.
 * Source: Kubernetes API reference, "Quantity".
 */
export function normalQuantity(value: unknown): unknown {
  const nano = nanoOf(value);
  return nano === undefined ? value : `${nano}n`;
}

/** The number that a quantity means, such as 1.5Gi, 500M or 1e9; undefined if it is none. */
export function quantityOf(value: unknown): number | undefined {
  const nano = nanoOf(value);
  return nano === undefined ? undefined : Number(nano) / 1e9;
}

function nanoOf(value: unknown): bigint | undefined {
  if (typeof value !== 'string' && typeof value !== 'number') return undefined;
  const match =
    /^([+-]?)(\d{0,40})(?:\.(\d{0,40}))?(?:[eE]([+-]?\d{1,3})|([numkMGTPE]|[KMGTPE]i))?$/.exec(
      String(value),
    );
  const [, sign = '', whole = '', fraction = '', exponent, suffix = ''] = match ?? [];
  const [base, power] = exponent === undefined ? (suffixes[suffix] ?? []) : [10n, BigInt(exponent)];
  if (whole + fraction === '' || base === undefined || power === undefined) return undefined;
  if (base === 10n && (power > greatestExponent || power < -greatestExponent)) return undefined;
  const up = 10n ** 9n * (power > 0n ? base ** power : 1n);
  const down = 10n ** BigInt(fraction.length) * (power < 0n ? base ** -power : 1n);
  const nano = (BigInt(whole + fraction) * up + down - 1n) / down;
  return sign === '-' ? -nano : nano;
}
