import { Cluster } from '../cluster/cluster.ts';
import { deployOperator } from '../framework/deploy.ts';

/** Puts the operator, as this checkout has it, into the running local cluster. */
export default async function setup(): Promise<void> {
  await deployOperator(await Cluster.open(), { log: (line) => console.error(line) });
}
