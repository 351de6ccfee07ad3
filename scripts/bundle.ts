import { dirname, resolve } from 'node:path';
import { build } from 'esbuild';

/**
 * Bundles a program and all it imports into one ES module for Node 26. Not minified: stack traces in logs stay
 * readable, and the image is a hundred times its size anyway.
 */
export async function bundle(entry: string, outfile: string): Promise<void> {
  await build({
    entryPoints: [resolve(entry)],
    outfile: resolve(outfile),
    // Comments name each module's file from here: the result must not depend on where the checkout is.
    absWorkingDir: dirname(resolve(entry)),
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    logLevel: 'warning',
    preserveSymlinks: true,
    // The CommonJS packages in it call require() for Node's own modules.
    banner: {
      js: "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);",
    },
  });
}

if (import.meta.main) {
  const [entry, outfile] = process.argv.slice(2);
  if (entry === undefined || outfile === undefined) {
    console.error('usage: node scripts/bundle.ts ENTRY OUTFILE');
    process.exit(2);
  }
  await bundle(entry, outfile);
}
