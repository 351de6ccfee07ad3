import type { MemberReport } from '../protocol/member-protocol.ts';

/**
 * One connection to a member over which a probe asks for a sign of life: TCP, HTTP, gRPC, or the member protocol. Created and
 * used by one ReconnectingProbe, which calls it at each beat. No method throws: failures come as events, never during a call.
 */
export interface ProbeConnection {
  /** Asks for a sign of life; opens the connection if there is none. Another call abandons the request before. */
  ask(): void;
  /** Whether the connection is established, so that a missing answer is due to the program, not to the network. */
  connected(): boolean;
  /** What has been received since the request, if that is not (yet) the expected answer. */
  unexpectedData(): string | undefined;
  /** Ends the connection. No event comes afterwards. May be called again. */
  close(): void;
}

/** After `refused`, `closed`, `unreachable` and `fault` the connection is unusable; after the others it may be asked again. */
export interface ProbeConnectionEvents {
  /** `report`: if the member speaks the member protocol. */
  answer(rttMs: number, report?: MemberReport): void;
  badAnswer(message: string, report?: MemberReport): void;
  refused(message: string): void;
  closed(message: string): void;
  unreachable(message: string): void;
  fault(message: string): void;
}

const endedCodes = new Set(['ECONNRESET', 'EPIPE', 'ECONNABORTED', 'UND_ERR_SOCKET']);
/** A resource is missing on the operator's own machine: file descriptors, ports, memory. */
const ownCodes = new Set(['EMFILE', 'ENFILE', 'EADDRNOTAVAIL', 'ENOBUFS', 'ENOMEM', 'EAGAIN']);

export type FailureEvents = Omit<ProbeConnectionEvents, 'answer'>;

/** Emits the event for a failed connection attempt, or for the end of a connection. */
export function emitFailure(error: unknown, events: FailureEvents): void {
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
  // undici does not always give its parser's errors a code.
  if (error instanceof Error && error.name === 'HTTPParserError') return 'HPE_';
  return error instanceof Error && 'code' in error && typeof error.code === 'string'
    ? error.code
    : '';
}
