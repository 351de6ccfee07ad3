/** The local cluster for the tests that need one. Images and the operator are put into it by test/e2e/global-setup.ts. */
export interface LocalCluster {
  /** Takes it down, unless it ran before. Does nothing the second time. */
  end(): Promise<void>;
}

export interface StartOptions {
  log: (line: string) => void;
  signal: AbortSignal;
}

/** Starts this checkout's cluster, or takes the one that runs. */
export async function startCluster({ log, signal }: StartOptions): Promise<LocalCluster> {
  // Loaded only here: unit tests and checks do not need it.
  const { Cluster } = await import('../../test/cluster/cluster.ts');
  const { down, up } = await import('../../test/cluster/lifecycle.ts');

  let ended = (await Cluster.find()) !== undefined;
  await up({ log, signal });
  return {
    async end() {
      if (ended) return;
      ended = true;
      log('taking the cluster down');
      await down();
    },
  };
}
