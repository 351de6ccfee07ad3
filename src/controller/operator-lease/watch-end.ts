import { connect } from 'node:net';
import type { Clock } from '../../lib/clock.ts';

/** Wait before the next connection. Milliseconds. */
const againMs = 500;
/** Time limit for a connection to be made. */
const timeoutMs = 1_000;

/**
 * Keeps a connection to a port of another pod, and calls `onEnd`, once, later, if nothing listens there any more: then process 1 of its
 * container has ended, as the kernel closes its connections and refuses new ones. Anything else, such as silence, is no proof: a
 * process that is stopped still gets connections from its kernel. A refusal counts only after a connection: before that a NetworkPolicy
 * may refuse it, as some network plugins do that with an answer.
 *
 * @param address `host:port`; of IPv6 `[host]:port`.
 * @returns what ends that.
 */
export function watchEnd(clock: Clock, address: string, onEnd: () => void): () => void {
  const [, host = '', port = ''] = /^\[?([^\]]*)\]?:(\d+)$/.exec(address) ?? [];
  let isOver = false;
  let cancel = () => {};
  let hasListened = false;
  const begin = () => {
    const socket = connect({ host, port: Number(port) });
    socket.setTimeout(timeoutMs, () => socket.destroy());
    let isRefused = false;
    let wasOpen = false;
    socket.once('connect', () => {
      wasOpen = hasListened = true;
      socket.setTimeout(0);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => {
      isRefused = error.code === 'ECONNREFUSED';
      // Of a connection that was made, and was not told of yet.
      if (error.code === 'ECONNRESET') hasListened = true;
    });
    // What the other side sends is of no interest.
    socket.resume();
    socket.once('close', () => {
      if (isOver) return;
      if (isRefused && hasListened) {
        isOver = true;
        onEnd();
        return;
      }
      // A connection that was open is made again at once: the process may have ended.
      cancel = clock.after(wasOpen ? 0 : againMs, begin);
    });
    stop = () => socket.destroy();
  };
  let stop = () => {};
  if (host !== '' && port !== '') begin();
  return () => {
    isOver = true;
    cancel();
    stop();
  };
}
