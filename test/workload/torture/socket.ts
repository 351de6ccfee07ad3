import { type Socket, connect } from 'node:net';
import { type ConnectionOptions, type TLSSocket, connect as connectTls } from 'node:tls';
import { Ports } from '../client/ports.ts';
import type { TlsOptions } from './session.ts';

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

/** A certificate counts by who signed it and by its serial number: members are reached by addresses that no certificate names. */
export const tlsOptions = ({ authority, serials }: TlsOptions): ConnectionOptions => ({
  ca: authority,
  checkServerIdentity: (_, { serialNumber }) =>
    serials.includes(serialNumber)
      ? undefined
      : new Error(`the server shows the certificate ${serialNumber}, not ${serials.join(' or ')}`),
});

/** TLS over a connection. @throws its error. */
export function secured(socket: Socket, options: ConnectionOptions): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const secure = connectTls({ ...options, socket });
    secure.once('secureConnect', () => {
      secure.off('error', reject).off('close', closed);
      resolve(secure);
    });
    const closed = () => reject(new Error('closed'));
    secure.once('error', reject).once('close', closed);
  });
}
