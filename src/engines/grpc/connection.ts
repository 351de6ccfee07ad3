import { type ClientHttp2Session, connect as startSession } from 'node:http2';
import { type Socket, connect } from 'node:net';
import type { ProbeTarget } from '../engine.ts';
import { type FailureEvents, reportFailure } from '../line.ts';

export interface GrpcConnection {
  session: ClientHttp2Session;
  socket: Socket;
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
  const end = () => {
    if (over) return;
    over = true;
    socket.destroy();
    if (failure === undefined || goodbye) {
      ended.closed(failure?.message ?? 'the member ended the connection');
    } else if (failure.code?.startsWith('ERR_HTTP2') === true) {
      ended.badAnswer(`not the HTTP/2 that was expected: ${failure.message}`);
    } else {
      reportFailure(failure, ended);
    }
  };
  session.on('error', (error: Error) => (failure = error));
  // The member says that it takes no further calls. What runs is let finish; then Node closes the session.
  session.on('goaway', () => (goodbye = true));
  session.once('close', end);
  return {
    session,
    socket,
    cut: () => {
      over = true;
      session.destroy();
      socket.destroy();
    },
  };
}
