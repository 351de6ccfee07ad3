import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join, relative } from 'node:path';
import { dump } from 'js-yaml';
import type { Cluster } from '../cluster/cluster.ts';
import { ClusterError } from '../cluster/exec.ts';
import { cacheDir, checkout, stateDir } from '../cluster/paths.ts';
import { type BuiltImage, buildImages } from '../images/build.ts';
import { operatorImage, usualImages } from '../images/images.ts';
import type { ImageName } from '../images/recipe.ts';
import { operatorAvailable, operatorName, operatorNamespace } from './operator.ts';

export interface DeployOptions {
  /** Default: those that the tests and the examples need. */
  images?: readonly ImageName[] | undefined;
  log: (line: string) => void;
  signal?: AbortSignal;
}

/**
 * Puts the operator, as this checkout has it, into the running local cluster: builds the images, loads them on every node,
 * and installs CRD, RBAC and operator as a user does. What is there already is left alone; an operator that was built from
 * other sources is rolled out. Returns when the operator is ready. If this is cut short, the next call goes on from there.
 *
 * @throws ClusterError that says which step failed and why; the signal's reason if that ended it.
 */
export async function deployOperator(cluster: Cluster, options: DeployOptions): Promise<void> {
  const { images = usualImages, log, signal = new AbortController().signal } = options;
  const step = <T>(what: string, work: () => Promise<T>) => named(what, signal, work);
  const built = await step('building the images', () =>
    buildImages({ cacheDir, images, log, signal }),
  );
  await step('loading the images', () => load(cluster, built, log, signal));
  const said = await step('installing the operator', () => install(cluster, built, signal));
  log(describeApply(said));
  await operatorAvailable(cluster, signal);
}

/** A failure says in which step it came. */
async function named<T>(what: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    signal.throwIfAborted();
    return await work();
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof ClusterError)) throw error;
    throw new ClusterError(`${what} failed: ${error.message}`, { cause: error });
  }
}

async function load(
  cluster: Cluster,
  images: readonly BuiltImage[],
  log: (line: string) => void,
  signal: AbortSignal,
): Promise<void> {
  for (const { ref, archive } of images) {
    signal.throwIfAborted();
    if (await cluster.hasImage(archive)) continue;
    log(`loading ${ref} on every node`);
    await cluster.loadImage(archive);
  }
}

/** @returns what kubectl said of each object. */
async function install(
  cluster: Cluster,
  images: readonly BuiltImage[],
  signal: AbortSignal,
): Promise<string> {
  const archive = images.find(({ ref }) => ref === operatorImage)?.archive ?? '';
  const dir = join(stateDir, 'operator');
  await mkdir(dir, { recursive: true });
  const manifests = relative(dir, join(checkout, 'manifests'));
  await writeFile(join(dir, 'kustomization.yaml'), overlay(manifests, basename(archive, '.tar')));
  const crds = join(checkout, 'crds');
  const applied = await cluster.runKubectl(['apply', '-k', crds], { signal });
  return applied + (await cluster.runKubectl(['apply', '-k', dir], { signal }));
}

/**
 * A kustomization of the manifests whose Deployment names the content of its image. The image's own name stays the same when
 * its content changes: only by this does Kubernetes see that there is something to roll out.
 */
function overlay(manifests: string, content: string): string {
  const patch = {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: operatorName, namespace: operatorNamespace },
    spec: { template: { metadata: { annotations: { 'haservice.dev/image': content } } } },
  };
  return dump({ resources: [manifests], patches: [{ patch: dump(patch) }] });
}

/**
 * One line for a person about what `kubectl apply` has done to the operator. Of the CRD kubectl says "configured" each time,
 * whether it has changed or not.
 */
export function describeApply(output: string): string {
  const line = output
    .split('\n')
    .find((each) => each.startsWith(`deployment.apps/${operatorName} `));
  if (line?.endsWith(' created')) return 'the operator is installed: waiting until it is ready';
  if (line?.endsWith(' configured')) {
    return 'the operator is rolled out: waiting until the new one is ready';
  }
  return 'the operator is up to date: nothing to roll out';
}
