/**
 * Whether `actual` lacks anything of `desired`. Other fields may be set (defaults, fields of other managers), but lists must be
 * equal entry by entry. An empty list equals a missing one: the API server returns null or no field then.
 */
export function needsUpdate(desired: unknown, actual: unknown): boolean {
  if (Array.isArray(desired)) {
    if (actual === undefined || actual === null) return desired.length > 0;
    if (!Array.isArray(actual)) return true;
    return (
      desired.length !== actual.length || desired.some((entry, i) => needsUpdate(entry, actual[i]))
    );
  }
  if (desired !== null && typeof desired === 'object') {
    if (actual === null || typeof actual !== 'object') return true;
    return Object.entries(desired).some(([key, value]) =>
      needsUpdate(value, (actual as Record<string, unknown>)[key]),
    );
  }
  return desired !== actual;
}
