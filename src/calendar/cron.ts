import { Cron, CronPattern } from 'croner';

/** A Cron keeps an array of 10,000 years, 80 kB, and services often share a schedule. */
const crons = new Map<string, Cron>();
const mostCrons = 100;

/**
 * The first time after afterMs, or undefined if the schedule never comes.
 *
 * If both days are given, one of them is enough, as in each cron. When clocks change, croner follows Vixie cron. A fixed time
 * (neither * nor a step in minute and hour, such as "30 2,14 * * *") that clocks skip fires at the moment of the change, such as
 * 03:00, and a time that clocks show twice fires at the first. Anything else, such as "0 * * * *", fires whenever clocks show a
 * time of the schedule, so that the interval is kept. If clocks skip the last hour of a day (America/Nuuk), a fixed time in that
 * hour is left out: it would fire on the next day.
 *
 * @param schedule without a fault.
 */
export function nextTime(schedule: string, timeZone: string, afterMs: number): number | undefined {
  const key = `${timeZone} ${schedule}`;
  let cron = crons.get(key);
  if (cron === undefined) {
    cron = new Cron(schedule, {
      timezone: timeZone,
      mode: '5-part',
      domAndDow: false,
      fixedTimeRule: 'no-wildcard',
    });
    if (crons.size >= mostCrons) crons.clear();
    crons.set(key, cron);
  }
  return cron.nextRun(new Date(afterMs))?.getTime();
}

/** The times of day of a schedule, such as 09:30. */
export function timesOfDay(schedule: string): string[] {
  const { minute, hour } = new CronPattern(schedule, undefined, { mode: '5-part' });
  const chosen = (flags: number[]) =>
    flags.flatMap((flag, i) => (flag ? [String(i).padStart(2, '0')] : []));
  const minutes = chosen(minute);
  return chosen(hour).flatMap((h) => minutes.map((m) => `${h}:${m}`));
}
