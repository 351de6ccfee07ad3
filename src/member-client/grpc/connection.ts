import { type ClientHttp2Stream, connect as startSession } from 'node:http2';
import { type Socket, connect } from 'node:net';
import type { ProbeTarget } from '../probe.ts';
import { type FailureEvents, emitFailure } from '../probe-connection.ts';
import { type GrpcAnswer, type GrpcCall, startCall } from './call.ts';

export interface GrpcConnection {
  socket: Socket;
  /** As startCall. */
  call(call: GrpcCall, done: (answer: GrpcAnswer | string) => void): ClientHttp2Stream;
  /** The member has announced that it takes no more calls (GOAWAY): the connection ends after the last call. */
  closing(): boolean;
  /** Ends the connection. No event comes afterwards. */
  cut(): void;
}

/**
 * Opens a connection and reports its end once, immediately: a refused attempt, a reset, a close.
 *
 * This uses Node's own HTTP/2, not @grpc/grpc-js. That client does not expose its connections: it reopens them after a wait
 * that grows with each failure, shares them between channels, and reports the loss of an idle one only as a change to IDLE, and
 * a refused one as text within an error. Here that end is essential: it reveals the death of a process within a millisecond, and
 * distinguishes a dead process from a silent one. A unary call without all that is a few lines (call.ts).
 */
export function openConnection(
  { host, port }: Pick<ProbeTarget, 'host' | 'port'>,
  ended: FailureEvents,
): GrpcConnection {
  const socket = connect({ host, port, noDelay: true });
  const session = startSession(`http://${host.includes(':') ? `[${host}]` : host}:${port}`, {
    createConnection: () => socket,
    settings: { enablePush: false },
  });
  let over = false;
  let failure: (Error & { code?: string }) | undefined;
  let hasGoAway = false;
  let calls = 0;
  const cut = () => {
    over = true;
    session.destroy();
    socket.destroy();
  };
  const end = () => {
    if (over) return;
    cut();
    if (failure === undefined || hasGoAway) {
      ended.closed(failure?.message ?? 'the member ended the connection');
    } else if (failure.code?.startsWith('ERR_HTTP2') === true) {
      ended.badAnswer(`not the HTTP/2 that was expected: ${failure.message}`);
    } else {
      emitFailure(failure, ended);
    }
  };
  session.on('error', (error: Error) => (failure = error));
  session.on('goaway', () => {
    hasGoAway = true;
    // Node would wait for the member to close its side, too.
    if (calls === 0) end();
  });
  session.once('close', end);
  return {
    socket,
    call: (call, done) => {
      calls++;
      const stream = startCall(session, call, done);
      stream.once('close', () => {
        calls--;
        if (hasGoAway && calls === 0) end();
      });
      return stream;
    },
    closing: () => session.closed,
    cut,
  };
}
