/**
 * To watch: a failover, HAService beside a plain Deployment; or chaos on a schedule, beside a CronJob that deletes pods.
 *
 *     npm run demo [-- failover|chaos] [--json FILE] [--keep] [--context NAME [--client-image IMAGE]]
 */
import { writeFile } from 'node:fs/promises';
import { Argument, Command } from 'commander';
import { interruptible } from '../framework/interrupt.ts';
import { contextEnvironment, localEnvironment } from '../framework/environment.ts';
import { chaosDemo } from './chaos/chaos-demo.ts';
import { drill } from './chaos/services.ts';
import { demo, serviceName } from './demo.ts';
import { createJournal } from './journal.ts';
import { keptSteps, nextSteps } from './next-steps.ts';
import { Screen } from './screen.ts';

interface Options {
  json?: string;
  keep?: true;
  context?: string;
  clientImage: string;
}

const namespace = 'haservice-demo';

const shows = {
  failover: { play: demo, service: serviceName },
  chaos: { play: chaosDemo, service: drill },
};

const program = new Command('demo')
  .description('Shows on the local cluster what happens to clients.')
  .addArgument(
    new Argument(
      '[what]',
      'failover: a process is killed, hangs, or its node is cut off, with an HAService and with a plain Deployment; chaos: members of a Redis are killed on a schedule, with spec.chaos and with a CronJob',
    )
      .choices(Object.keys(shows))
      .default('failover'),
  )
  .option('--json <file>', 'write the figures and the failovers to a file')
  .option('--keep', 'leave the cluster running at the end')
  .option('--context <name>', 'run what needs no root on a cluster of your kubeconfig instead')
  .option(
    '--client-image <image>',
    'with --context: an image with Node 22 or later to run the client in',
    'docker.io/library/node:24-alpine',
  )
  .parse();
const { json, keep, context, clientImage } = program.opts<Options>();
const what = program.processedArgs[0] as keyof typeof shows;

const interrupt = interruptible();

const screen = new Screen(process.stdout);
const journal = createJournal(
  () => new Date(),
  (line) => {
    if (!screen.isDrawing) console.log(line);
  },
);
const color = screen.isLive && process.env['NO_COLOR'] === undefined;

async function main(): Promise<void> {
  const { signal } = interrupt;
  if (context !== undefined && what === 'failover') {
    journal.note('without root there is one fault: the pod is deleted by force');
    journal.note('hanging processes and lost nodes are shown on the local cluster alone');
  }
  const environment =
    context === undefined
      ? await localEnvironment({ namespace, log: journal.note, signal })
      : await contextEnvironment({ context, clientImage, namespace, signal });
  try {
    const { text, record } = await shows[what].play({
      environment,
      namespace,
      journal,
      screen,
      color,
      hint: `Ctrl-C ends the demo ${keep === true ? 'and leaves the cluster as it is' : 'and removes what it has made'}`,
      signal,
    });
    console.log(`\n${text}\n`);
    if (json !== undefined) await writeFile(json, `${JSON.stringify(record, undefined, 2)}\n`);
  } finally {
    screen.end();
    if (keep === true) {
      // Also after Ctrl-C: what is left is there to be removed.
      console.log(keptSteps(namespace, shows[what].service));
    } else {
      console.log(
        environment.wasRunning
          ? `removing namespace ${namespace}; the cluster ran before, and goes on`
          : 'taking everything down',
      );
      await environment.remove();
    }
  }
  if (keep !== true) console.log(nextSteps());
}

try {
  await main();
} catch (error) {
  interrupt.report(error);
}
