/** What runs in the pods of the tests: `member`, a workload, or `client`, which sends requests and reports on them. */
import { startClient } from './client/start.ts';
import { startMember } from './member/start.ts';

const [program, ...args] = process.argv.slice(2);
if (program === 'member') {
  await startMember(process.env);
} else if (program === 'client') {
  await startClient(args);
} else {
  console.error('give the program to run: member or client');
  process.exitCode = 2;
}
