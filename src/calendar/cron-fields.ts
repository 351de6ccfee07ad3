interface Field {
  noun: string;
  least: number;
  most: number;
  /** The value of each name in three letters, in upper case. */
  names: Record<string, number>;
  allowed: string;
}

const numbered = (names: string, first: number): Record<string, number> =>
  Object.fromEntries(names.split(' ').map((name, i) => [name, first + i]));
const months = numbered('JAN FEB MAR APR MAY JUN JUL AUG SEP OCT NOV DEC', 1);
const days = numbered('SUN MON TUE WED THU FRI SAT', 0);

const fields: readonly Field[] = [
  { noun: 'minute', least: 0, most: 59, names: {}, allowed: '0 to 59, */15 or 0,30' },
  { noun: 'hour', least: 0, most: 23, names: {}, allowed: '0 to 23, */2 or 9-17' },
  { noun: 'day of the month', least: 1, most: 31, names: {}, allowed: '1 to 31, */2 or 1,15' },
  { noun: 'month', least: 1, most: 12, names: months, allowed: '1 to 12, JAN to DEC or 3-5' },
  {
    noun: 'day of the week',
    least: 0,
    most: 7,
    names: days,
    allowed: '0 to 7 (0 and 7 are Sunday), SUN to SAT or 1-5',
  },
];

const order = 'minute hour day-of-month month day-of-week';

/**
 * What is wrong with a schedule, or undefined. Of the syntax that croner knows this allows the part that each cron has, so that
 * a schedule means the same here and in a CronJob: no seconds, years, nicknames, L, W, # or ?.
 */
export function cronFault(schedule: string): string | undefined {
  const parts = schedule.split(/\s+/).filter((part) => part !== '');
  if (schedule.includes('@')) {
    return `"${schedule.trim()}" is a nickname; write five fields (${order}), such as "0 3 * * *" for each day at 03:00`;
  }
  if (parts.length !== fields.length) {
    return `"${schedule.trim()}" has ${parts.length} ${parts.length === 1 ? 'field' : 'fields'}; write five (${order}), such as "*/30 9-17 * * 1-5"`;
  }
  for (const [i, field] of fields.entries()) {
    const part = parts[i] ?? '';
    for (const item of part.split(',')) {
      const fault = item === '' ? `"${part}" has an empty item` : itemFault(item, field);
      if (fault !== undefined) {
        return `${fault}; write ${field.allowed} (field ${i + 1} of 5: ${order})`;
      }
    }
  }
  return undefined;
}

/** An item is a value, or * or a range, each of them with or without a step. */
function itemFault(item: string, field: Field): string | undefined {
  const [, range = '', step] = /^([^/]*)(?:\/(.*))?$/s.exec(item) ?? [];
  const ends = range.split('-');
  if (range !== '*') {
    const [first, last, ...more] = ends.map((end, i) => valueOf(end, i, field));
    const wrong = ends.find((end, i) => valueOf(end, i, field) === undefined);
    if (wrong !== undefined) return `"${wrong || item}" is no ${field.noun}`;
    if (more.length > 0) return `"${range}" is no range`;
    if (first !== undefined && last !== undefined && first > last) {
      return `"${range}" ends before it begins`;
    }
    if (step !== undefined && last === undefined) {
      return `"${item}" has a step without a range (${range}-${field.most}/${step})`;
    }
  }
  if (step === undefined) return undefined;
  const count = field.noun === 'day of the week' ? 7 : field.most - field.least + 1;
  return isNumber(step) && Number(step) >= 1 && Number(step) <= count
    ? undefined
    : `"${step}" in "${item}" is no step from 1 to ${count}`;
}

const isNumber = (text: string): boolean => /^[0-9]{1,2}$/.test(text);

function valueOf(text: string, index: number, field: Field): number | undefined {
  const name = field.names[text.toUpperCase()];
  // SAT-SUN is a range that ends with 7.
  if (name !== undefined) return name === 0 && index > 0 ? 7 : name;
  if (!isNumber(text)) return undefined;
  const value = Number(text);
  return value >= field.least && value <= field.most ? value : undefined;
}
