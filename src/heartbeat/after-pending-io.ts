/**
 * Calls back when what had already arrived has been read: a timer runs before the sockets of its own turn of the event
 * loop are polled, and the second turn reads what the first one's handlers made readable.
 */
export function afterPendingIo(callback: () => void): void {
  setImmediate(() => setImmediate(callback));
}
