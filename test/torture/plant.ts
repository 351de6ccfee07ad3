import { Cluster } from '../cluster/cluster.ts';
import { operatorAvailable, operatorNamespace } from '../framework/operator.ts';

/** Safeguards that the operator can be told to do without, to see whether the torture finds out. */
export const plants = ['no-fence', 'no-quorum'] as const;
const variable = 'HASERVICE_TEST_UNSAFE';

/** Works with an operator that does without a safeguard, and has the right one again afterwards. */
export async function withPlant<T>(
  plant: (typeof plants)[number] | undefined,
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
