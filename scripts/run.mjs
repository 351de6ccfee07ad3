/**
 * Runs one of the project's commands, after setting up what it needs: `node scripts/run.mjs COMMAND [args]`.
 * Works in a fresh clone on Node 20 or later, with nothing installed. Each step is skipped when it is done already.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './setup/child.mjs';
import { find } from './setup/commands.mjs';
import { debianPackages, serversOfTests } from './setup/debian.mjs';
import { disk, extendPath, go, linux, root } from './setup/machine.mjs';
import { modules } from './setup/modules.mjs';
import { Stop } from './setup/stop.mjs';

const top = dirname(dirname(fileURLToPath(import.meta.url)));

/** @param {string[]} argv */
async function main([name = '', ...args]) {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Stop(`install Node 20 or later, this is ${process.version}`);
  }
  const { start, needs } = find(name, args);
  extendPath();
  if (needs === 'servers') {
    await serversOfTests();
  } else if (needs !== 'nothing') {
    linux();
    root(`npm run ${name}`);
  }
  if (needs === 'new cluster') {
    disk();
    go();
    await debianPackages();
  }
  const node = await modules(top);
  process.env['PATH'] = `${dirname(node)}:${process.env['PATH']}`;
  const [entry = '', ...first] = start;
  process.exitCode = (await run(node, [entry, ...first, ...args], { cwd: top })).code;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
