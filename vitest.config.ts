import { availableParallelism } from 'node:os';
import { defineConfig } from 'vitest/config';

/** Tests that need the local cluster, by folder or by name; everything else is a unit test. */
const onCluster = ['test/integration/**', 'test/e2e/**', '**/*.cluster.test.ts'];

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          include: ['{src,test,scripts}/**/*.test.ts'],
          exclude: onCluster,
          // No file changes a module or a global for good: each module is loaded once in a worker, which halves the time.
          isolate: false,
          // Many wait for a database: on two processors one at a time would leave one idle.
          maxWorkers: Math.max(2, availableParallelism() - 1),
          // A limit ends what hangs. It is far above what a test takes: a busy machine is no failure.
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      {
        test: {
          name: 'integration',
          include: ['test/integration/**/*.test.ts'],
          // One of them stops the API server.
          fileParallelism: false,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: 'e2e',
          include: ['test/e2e/**/*.test.ts'],
          globalSetup: ['test/e2e/global-setup.ts'],
          // Faults of one file would be felt by the next.
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 600_000,
        },
      },
      {
        test: {
          name: 'cluster',
          include: ['test/{cluster,images}/**/*.cluster.test.ts'],
          fileParallelism: false,
          testTimeout: 600_000,
          hookTimeout: 600_000,
        },
      },
    ],
  },
});
