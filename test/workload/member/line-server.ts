import { type Server, createServer } from 'node:net';
import { createInterface } from 'node:readline';

/** Answers each line with a line, in order. */
export function createLineServer(answer: (line: string) => Promise<string>): Server {
  return createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    const reader = createInterface({ input: socket, crlfDelay: Infinity });
    // A reader hands an error of its socket on: a client that resets its connection must not end the member.
    reader.on('error', () => {});
    let last = Promise.resolve();
    reader.on('line', (line) => {
      last = last.then(async () => {
        const text = await answer(line);
        if (socket.writable) socket.write(`${text}\n`);
      });
    });
  });
}
