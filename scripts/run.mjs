/**
 * Runs one of the project's commands, after setting up what it needs: `node scripts/run.mjs COMMAND [args]`.
 * Works in a fresh clone on Node 20 or later, with nothing installed. Each step is skipped when it is done already.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { run } from './setup/child.mjs';
import { debianPackages } from './setup/debian.mjs';
import { disk, extendPath, go, linux, root } from './setup/machine.mjs';
import { modules } from './setup/modules.mjs';
import { Stop } from './setup/stop.mjs';

const top = dirname(dirname(fileURLToPath(import.meta.url)));

/**
 * `start` is what Node runs; `needs` says whether these arguments bring up a cluster, only touch one, or neither.
 * @typedef {'new cluster' | 'root' | 'nothing'} Needs
 * @type {Record<string, { start: string[], needs: (args: string[]) => Needs }>}
 */
const commands = {
  demo: {
    start: ['test/demo/main.ts'],
    needs: (args) => (option(args, '--context') === undefined ? 'new cluster' : 'nothing'),
  },
  test: {
    start: ['scripts/test.ts'],
    needs: (args) =>
      ['unit', 'check'].includes(option(args, '--only') ?? '') ? 'nothing' : 'new cluster',
  },
  bench: { start: ['test/bench/main.ts'], needs: () => 'new cluster' },
  cluster: {
    start: ['test/cluster/main.ts'],
    needs: (args) => (args[0] === 'up' ? 'new cluster' : args.length > 0 ? 'root' : 'nothing'),
  },
  unit: {
    start: ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit'],
    needs: () => 'nothing',
  },
  check: { start: ['scripts/check.ts'], needs: () => 'nothing' },
  generate: { start: ['src/api/generate.ts'], needs: () => 'nothing' },
};

/**
 * @param {string[]} args
 * @param {string} name
 * @returns the value of `--name value` or `--name=value`, empty where it has none, undefined where it is absent
 */
function option(args, name) {
  const at = args.findIndex((a) => a === name || a.startsWith(`${name}=`));
  const found = args[at];
  return found === undefined
    ? undefined
    : found === name
      ? (args[at + 1] ?? '')
      : found.slice(name.length + 1);
}

/** @param {string[]} argv */
async function main([name = '', ...args]) {
  if (Number(process.versions.node.split('.')[0]) < 20) {
    throw new Stop(`install Node 20 or later, this is ${process.version}`);
  }
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const known = Object.keys(commands).join(', ');
    throw new Stop(
      `${name ? `unknown command '${name}'` : 'no command given'}: use one of ${known}`,
      2,
    );
  }
  extendPath();
  const help = args.some((a) => a === '--help' || a === '-h');
  const needs = help ? 'nothing' : command.needs(args);
  if (needs !== 'nothing') {
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
  const [entry = '', ...first] = command.start;
  process.exitCode = (await run(node, [entry, ...first, ...args], { cwd: top })).code;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  if (!(error instanceof Stop)) throw error;
  process.stderr.write(`${error.message}\n`);
  process.exitCode = error.exitCode;
}
