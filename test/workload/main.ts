/**
 * What runs in the pods of the tests: `member`, a workload; `client`, which sends requests and reports on them; `db`, which
 * does the same with writes to a database; or `torture`, which writes to one when it is told to, and remembers what
 * became of each write.
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
  console.error('give the program to run: member, client, db or torture');
  process.exitCode = 2;
}
