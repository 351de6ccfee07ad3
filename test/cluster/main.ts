/**
 * The local cluster by hand:
 *
 *     npm run cluster -- up | down | status | env | cut NODE | heal NODE | freeze POD | ...
 */
import { Argument, Command, CommanderError } from 'commander';
import { amount, component, nodeCount, podRef } from './arguments.ts';
import { deployOperator } from '../framework/deploy.ts';
import { Cluster } from './cluster.ts';
import { type Component, components } from './control-plane.ts';
import { ClusterError } from './exec.ts';
import { down, up } from './lifecycle.ts';
import type { PodRef } from './pods.ts';
import { afterFailure, afterStop, operatorSteps, shellLines, statusText } from './status.ts';

const say = (line: string) => console.error(line);

/** Aborts at Ctrl-C. A second one ends this process at once, and the next `up` or `down` removes what is left. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => {
      say('stopping; what was half started is removed');
      stop.abort(new ClusterError(`ended by ${name}`));
    });
  }
  return stop.signal;
}

/** @throws ClusterError that also says how to go on: unlike a cluster that does not start, this one stays. */
async function withOperator(cluster: Cluster, signal: AbortSignal): Promise<void> {
  try {
    await deployOperator(cluster, { log: say, signal });
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    throw new ClusterError(`${error.message}\n${signal.aborted ? afterStop : afterFailure}`);
  }
}

const program = new Command('cluster')
  .description('A real Kubernetes cluster of three zones on this machine.')
  .exitOverride()
  .configureOutput({
    outputError: (text) => {
      const what = text.replace('error: ', '').trim().replaceAll('\n', ' ');
      say(`cluster: ${what} (--help shows the commands)`);
    },
  });

program
  .command('up')
  .description('start it, or find it running')
  .option('--nodes <n>', 'how many nodes, dealt to three zones', nodeCount)
  .option(
    '--operator',
    'install the operator of this checkout, and the images of the examples; after a change in src the same command rolls the operator out',
  )
  .action(async ({ nodes, operator }: { nodes?: number; operator?: true }) => {
    const signal = stopSignal();
    const cluster = await up({ nodes, log: say, signal });
    if (operator === true) await withOperator(cluster, signal);
    console.log(await statusText(cluster));
    if (operator === true) console.log(`\n${operatorSteps}`);
  });
program
  .command('down')
  .description('remove it and everything it has left')
  .action(() => down());
program
  .command('status')
  .description('nodes, components and faults')
  .action(async () => console.log(await statusText(await Cluster.open())));
program
  .command('env')
  .description('shell lines that point kubectl at it: eval "$(npm run -s cluster -- env)"')
  .action(async () => {
    const { kubeconfig, kubectl } = await Cluster.open();
    console.log(shellLines(kubeconfig, kubectl[0] ?? ''));
  });
program
  .command('load <archive>')
  .description('import a docker-archive on every node')
  .action(async (archive: string) => (await Cluster.open()).loadImage(archive));

/** A command about one pod, given as NAME with --namespace, or NAMESPACE/NAME. */
function podCommand(
  name: string,
  description: string,
  act: (cluster: Cluster, pod: PodRef) => Promise<void>,
): void {
  program
    .command(`${name} <pod>`)
    .description(description)
    .option('-n, --namespace <namespace>', 'namespace of the pod', 'default')
    .action(async (pod: string, options: { namespace: string }) => {
      await act(await Cluster.open(), podRef(pod, options.namespace));
    });
}
podCommand('kill', 'SIGKILL to the processes of a pod', (cluster, pod) =>
  cluster.killContainer(pod),
);
podCommand('freeze', 'SIGSTOP to the processes of a pod', (cluster, pod) => cluster.freeze(pod));
podCommand('thaw', 'SIGCONT to the processes of a pod', (cluster, pod) => cluster.thaw(pod));

program
  .command('cut <node>')
  .description('cut a node off from everything else')
  .addArgument(
    new Argument('[direction]', 'lose packets to it (in), from it (out), or both')
      .choices(['both', 'in', 'out'])
      .default('both'),
  )
  .action(async (node: string, direction: 'both' | 'in' | 'out') =>
    (await Cluster.open()).cut(node, direction),
  );
program
  .command('heal [node]')
  .description('undo the cut of a node; without a name, every fault of the network')
  .action(async (node?: string) => {
    const cluster = await Cluster.open();
    await (node === undefined ? cluster.healAll() : cluster.heal(node));
  });
program
  .command('cut-pair <a> <b>')
  .description('cut two nodes off from each other')
  .action(async (a: string, b: string) => (await Cluster.open()).cutPair(a, b));
program
  .command('heal-pair <a> <b>')
  .description('undo cut-pair')
  .action(async (a: string, b: string) => (await Cluster.open()).healPair(a, b));
program
  .command('lose-zone <zone>')
  .description('cut every node of a zone')
  .action(async (zone: string) => (await Cluster.open()).loseZone(zone));
program
  .command('restore-zone <zone>')
  .description('undo lose-zone')
  .action(async (zone: string) => (await Cluster.open()).restoreZone(zone));
program
  .command('loss <node>')
  .description('lose some packets of a node, each way; 0 ends it')
  .argument('<percent>', 'percent of the packets', amount)
  .action(async (node: string, percent: number) => (await Cluster.open()).lose(node, percent));
program
  .command('delay <node>')
  .description('hold every packet of a node, each way; 0 ends it')
  .argument('<ms>', 'milliseconds', amount)
  .action(async (node: string, ms: number) => (await Cluster.open()).delay(node, ms));
program
  .command('stop')
  .description('end a program of the control plane at once')
  .argument('<component>', components.join(', '), component)
  .action(async (name: Component) => (await Cluster.open()).stopComponent(name));
program
  .command('start')
  .description('undo stop')
  .argument('<component>', components.join(', '), component)
  .action(async (name: Component) => (await Cluster.open()).startComponent(name));
program
  .command('stop-kubelet <node>')
  .description('end the kubelet of a node at once; its containers go on')
  .action(async (node: string) => (await Cluster.open()).stopKubelet(node));
program
  .command('start-kubelet <node>')
  .description('undo stop-kubelet')
  .action(async (node: string) => (await Cluster.open()).startKubelet(node));

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = 1;
  if (error instanceof CommanderError) {
    // It has said what is wrong, or shown the help that was asked for.
    process.exitCode = error.exitCode;
  } else if (error instanceof ClusterError) {
    say(`cluster: ${error.message}`);
  } else {
    throw error;
  }
}
