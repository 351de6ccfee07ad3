/** One conversation with a member over one connection. */
export interface Line {
  /** Asks for a sign of life; opens the connection where there is none. Asking again gives the last question up. */
  ask(): void;
  /** Whether the connection stands, so that only the program, not the path, can be what is silent. */
  connected(): boolean;
  /** What has come since the question, where that is not (yet) the answer. */
  wrong(): string | undefined;
  /** Ends the connection. No event comes afterwards. */
  close(): void;
}

/** After `refused`, `closed`, `unreachable` and `fault` the line is used up. */
export interface LineEvents {
  answer(rttMs: number): void;
  badAnswer(message: string): void;
  refused(message: string): void;
  closed(message: string): void;
  unreachable(message: string): void;
  fault(message: string): void;
}

/** What is read of an answer at most. */
export const maxAnswerBytes = 64 * 1024;

const networkCodes = new Set(['EHOSTUNREACH', 'ENETUNREACH', 'EHOSTDOWN', 'ENETDOWN', 'ETIMEDOUT']);
const endedCodes = new Set([
  'ECONNRESET',
  'EPIPE',
  'ECONNABORTED',
  'UND_ERR_SOCKET',
  'UND_ERR_INFO',
]);

/** Tells a failed connection attempt, or the end of a connection, as the event that it is. */
export function reportFailure(error: unknown, events: LineEvents): void {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ECONNREFUSED') events.refused(message);
  else if (endedCodes.has(code)) events.closed(message);
  else if (networkCodes.has(code)) events.unreachable(message);
  else if (code.startsWith('HPE_')) events.badAnswer(`not HTTP: ${message}`);
  else events.fault(message);
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
