import { type Socket, connect } from 'node:net';
import { Ports } from '../client/ports.ts';

const ports = new Ports();

/** A connection from a source port that was not used lately: see Ports. */
export function openSocket(host: string, port: number): Socket {
  const localPort = ports.take();
  return connect({ host, port, localPort, noDelay: true }).once('close', () =>
    ports.release(localPort),
  );
}

/** Resolves when it is connected. @throws its error, or the signal's reason. */
export function connected(socket: Socket, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      signal.removeEventListener('abort', abort);
      socket.off('connect', done).off('error', fail).off('close', closed);
    };
    const done = () => {
      end();
      resolve();
    };
    const fail = (error: Error) => {
      end();
      socket.destroy();
      reject(error);
    };
    const closed = () => fail(new Error('closed'));
    const abort = () => fail(signal.reason as Error);
    socket.once('connect', done).once('error', fail).once('close', closed);
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
  });
}
