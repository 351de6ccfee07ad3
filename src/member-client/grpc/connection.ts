import { type ClientHttp2Stream, connect as startSession } from 'node:http2';
import { type Socket, connect } from 'node:net';
import type { ProbeTarget } from '../engine.ts';
import { type FailureEvents, reportFailure } from '../probe-connection.ts';
import { type GrpcAnswer, type GrpcCall, startCall } from './call.ts';

export interface GrpcConnection {
  socket: Socket;
  /** As startCall. */
  call(call: GrpcCall, done: (answer: GrpcAnswer | string) => void): ClientHttp2Stream;
  /** The member has said that it takes no further calls: the last one is let finish, and then it ends. */
  closing(): boolean;
  /** Ends it. Nothing is told afterwards. */
  cut(): void;
}

/**
 * Opens a connection and tells its end, once, at once: a refused attempt, a reset, a close.
 *
 * This is Node's own HTTP/2 and not @grpc/grpc-js. That client keeps its connections to itself: it opens them anew after a
 * wait that grows with each failure, shares them between channels, and tells the loss of one that is in no call only as a
 * change to IDLE, and a refused one as text within an error. Here all hangs on that end: it is how the death of a process is
 * known within the millisecond, and what tells it from a silent one. A unary call without all that is a few lines (call.ts).
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
  let goodbye = false;
  let calls = 0;
  const cut = () => {
    over = true;
    session.destroy();
    socket.destroy();
  };
  const end = () => {
    if (over) return;
    cut();
    if (failure === undefined || goodbye) {
      ended.closed(failure?.message ?? 'the member ended the connection');
    } else if (failure.code?.startsWith('ERR_HTTP2') === true) {
      ended.badAnswer(`not the HTTP/2 that was expected: ${failure.message}`);
    } else {
      reportFailure(failure, ended);
    }
  };
  session.on('error', (error: Error) => (failure = error));
  session.on('goaway', () => {
    goodbye = true;
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
        if (goodbye && calls === 0) end();
      });
      return stream;
    },
    closing: () => session.closed,
    cut,
  };
}
