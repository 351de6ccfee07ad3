/** Log positions as numbers of bytes: an LSN is `high/low`, each in hexadecimal. */
export function parseLsn(text: string): number {
  const [high = '', low = ''] = text.trim().split('/');
  return parseInt(high, 16) * 2 ** 32 + parseInt(low, 16);
}

export const formatLsn = (offset: number) =>
  `${Math.floor(offset / 2 ** 32)
    .toString(16)
    .toUpperCase()}/${(offset % 2 ** 32).toString(16).toUpperCase()}`;

const hex8 = (n: number) => n.toString(16).toUpperCase().padStart(8, '0');

export const historyName = (timeline: number) => `${hex8(timeline)}.history`;

/** Name of the file of pg_wal that holds the byte at `offset`. */
export function segmentName(timeline: number, offset: number, segmentBytes: number): string {
  const number = Math.floor(offset / segmentBytes);
  const perLog = 2 ** 32 / segmentBytes;
  return `${hex8(timeline)}${hex8(Math.floor(number / perLog))}${hex8(number % perLog)}`;
}
