import { Cluster } from '../cluster/cluster.ts';
import { operatorAvailable, operatorNamespace } from '../framework/operator.ts';

/** Safeguards that the operator can be told to turn off, to see whether the torture finds the violation. */
export const mutants = ['no-fence', 'no-quorum'] as const;
const variable = 'HASERVICE_TEST_UNSAFE';

/** Runs `work` with an operator whose safeguard is turned off, and turns it on again afterwards. */
export async function withMutant<T>(
  plant: (typeof mutants)[number] | undefined,
  work: () => Promise<T>,
): Promise<T> {
  if (plant === undefined) return work();
  const cluster = await Cluster.open();
  const set = async (text: string) => {
    await cluster.runKubectl([
      ...['--namespace', operatorNamespace, 'set', 'env', 'deployment/haservice-operator', text],
    ]);
    await operatorAvailable(cluster);
  };
  await set(`${variable}=${plant}`);
  try {
    return await work();
  } finally {
    await set(`${variable}-`);
  }
}
