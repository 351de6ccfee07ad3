/**
 * The programs in the pods of the tests: `member`, a workload; `client`, which sends requests and reports on them; `db`, which
 * does the same with writes to a database; or `torture`, which writes to a database on command, and records the result of each
 * write.
 */
import { startClient } from './client/start.ts';
import { startDbClient } from './db/start.ts';
import { startMember } from './member/start.ts';
import { startTorture } from './torture/start.ts';

const [program, ...args] = process.argv.slice(2);
if (program === 'member') {
  await startMember(process.env);
} else if (program === 'client') {
  await startClient(args);
} else if (program === 'db') {
  await startDbClient(args);
} else if (program === 'torture') {
  await startTorture(process.env);
} else {
  console.error('usage: workload.mjs member|client|db|torture');
  process.exitCode = 2;
}
