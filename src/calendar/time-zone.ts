/** Intl also takes offsets such as +01:00, which have no daylight saving, and which older runtimes refuse. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z]/.test(name)) return false;
  try {
    // croner asks Intl, blackouts ask Temporal, which knows fewer names: PST is none.
    new Intl.DateTimeFormat('en', { timeZone: name });
    Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(name);
    return true;
  } catch {
    return false;
  }
}

/**
 * The instant at which clocks show a local time. Of a time that clocks show twice: the first or the last. Of a time that clocks
 * skip: the instant at which they skip it.
 */
export function instantOf(
  local: Temporal.PlainDateTime,
  zone: string,
  which: 'first' | 'last',
): number {
  const first = local.toZonedDateTime(zone, { disambiguation: 'earlier' });
  // If clocks skip the time, Temporal answers with the time as it would be before the change.
  if (!first.toPlainDateTime().equals(local)) {
    return (first.getTimeZoneTransition('next') ?? first).epochMilliseconds;
  }
  return which === 'first'
    ? first.epochMilliseconds
    : local.toZonedDateTime(zone, { disambiguation: 'later' }).epochMilliseconds;
}

export function localDate(ms: number, zone: string): Temporal.PlainDate {
  return Temporal.Instant.fromEpochMilliseconds(Math.floor(ms))
    .toZonedDateTimeISO(zone)
    .toPlainDate();
}
