/** The local cluster for the tests that need one, with the images they run. */
export interface LocalCluster {
  /** Takes it down, unless it ran before. Does nothing the second time. */
  end(): Promise<void>;
}

export interface StartOptions {
  log: (line: string) => void;
  signal: AbortSignal;
}

/**
 * Starts this checkout's cluster, or takes the one that runs, and loads the images into it.
 * What was started is taken down again where that fails.
 */
export async function startCluster({ log, signal }: StartOptions): Promise<LocalCluster> {
  // Loaded only here: unit tests and checks do not need it.
  const { Cluster } = await import('../../test/cluster/cluster.ts');
  const { down, up } = await import('../../test/cluster/lifecycle.ts');
  const { cacheDir } = await import('../../test/cluster/paths.ts');
  const { buildImages } = await import('../../test/images/build.ts');

  const before = await Cluster.find();
  let ended = before !== undefined;
  const end = async () => {
    if (ended) return;
    ended = true;
    log('taking the cluster down');
    await down();
  };
  try {
    const cluster = await up({ log, signal });
    for (const image of await buildImages({ cacheDir, log, signal })) {
      signal.throwIfAborted();
      log(`loading ${image.ref}`);
      await cluster.loadImage(image.archive);
    }
    return { end };
  } catch (error) {
    await end();
    throw error;
  }
}
