import { Cluster } from '../cluster/cluster.ts';
import { cacheDir } from '../cluster/paths.ts';
import { buildImages } from '../images/build.ts';
import { installOperator } from '../measure/operator.ts';

/** Puts the operator, as this checkout has it, into the running local cluster, in the way of the README. */
export default async function setup(): Promise<void> {
  const cluster = await Cluster.open();
  const images = await buildImages({ cacheDir, log: (line) => console.error(line) });
  for (const { archive } of images) await cluster.loadImage(archive);
  await installOperator(cluster, { isFresh: false });
}
