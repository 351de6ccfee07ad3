import type { MemberReport } from '../protocol/member-protocol.ts';

/** One conversation with a member over one connection. */
export interface ProbeConnection {
  /** Asks for a sign of life; opens the connection where there is none. Asking again gives the last question up. */
  ask(): void;
  /** Whether the connection stands, so that only the program, not the path, can be what is silent. */
  connected(): boolean;
  /** What has come since the question, where that is not (yet) the answer. */
  wrong(): string | undefined;
  /** Ends the connection. No event comes afterwards. */
  close(): void;
}

/** After `refused`, `closed`, `unreachable` and `fault` the line is used up; after the others it may be asked again. */
export interface ProbeConnectionEvents {
  /** `report`: where the member speaks the member protocol. */
  answer(rttMs: number, report?: MemberReport): void;
  badAnswer(message: string, report?: MemberReport): void;
  refused(message: string): void;
  closed(message: string): void;
  unreachable(message: string): void;
  fault(message: string): void;
}

const endedCodes = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);
/** Want of something on the operator's own machine: file descriptors, ports, memory. */
const ownCodes = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM', 'EAGAIN']);

export type FailureEvents = Omit<ProbeConnectionEvents, 'answer'>;

/** Tells a failed connection attempt, or the end of a connection, as the event that it is. */
export function reportFailure(error: unknown, events: FailureEvents): void {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  if (code === 'ECONNREFUSED') events.refused(message);
  else if (endedCodes.has(code)) events.closed(message);
  else if (ownCodes.has(code)) events.fault(message);
  else if (/^(HPE|UND_ERR)_/.test(code))
    events.badAnswer(`not the HTTP that was expected: ${message}`);
  else events.unreachable(message);
}

function codeOf(error: unknown): string {
  // undici gives its parser's errors a code only sometimes.
  if (error instanceof Error && error.name === 'HTTPParserError') return 'HPE_';
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
