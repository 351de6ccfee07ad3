// Runs in another network namespace: connects to HOST PORT and, if PATH is given, requests it. Prints one word: `connected`, the
// status of the answer, or the error.
import { request } from 'node:http';
import { connect } from 'node:net';

const [host = '', port = '', path] = process.argv.slice(2);
const timeout = 2_000;

const end = (word: string) => {
  console.log(word);
  process.exit();
};
const call =
  path === undefined
    ? connect({ host, port: Number(port), timeout }, () => end('connected'))
    : request({ host, port, path, timeout }, ({ statusCode }) => end(String(statusCode))).end();
call.on('timeout', () => end('silent'));
call.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
