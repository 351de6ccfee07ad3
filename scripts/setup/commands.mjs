import { Stop } from './stop.mjs';

/**
 * `start` is what Node runs; `needs` says whether these arguments bring up a cluster, only touch one, start servers in unit
 * tests, or none of these.
 * @typedef {'new cluster' | 'root' | 'servers' | 'nothing'} Needs
 * @type {Record<string, { start: string[], needs: (args: string[]) => Needs }>}
 */
const commands = {
  demo: {
    start: ['test/demo/main.ts'],
    needs: (args) => (option(args, '--context') === undefined ? 'new cluster' : 'nothing'),
  },
  test: {
    start: ['scripts/test.ts'],
    needs: (args) => {
      const only = option(args, '--only');
      return only === 'unit' ? 'servers' : only === 'check' ? 'nothing' : 'new cluster';
    },
  },
  bench: { start: ['test/bench/main.ts'], needs: () => 'new cluster' },
  torture: { start: ['test/torture/main.ts'], needs: () => 'new cluster' },
  mutate: { start: ['test/mutate/main.ts'], needs: () => 'new cluster' },
  cluster: {
    start: ['test/cluster/main.ts'],
    needs: (args) => (args[0] === 'up' ? 'new cluster' : args.length > 0 ? 'root' : 'nothing'),
  },
  unit: {
    start: ['node_modules/vitest/vitest.mjs', 'run', '--project', 'unit'],
    needs: () => 'servers',
  },
  simulate: { start: ['test/simulator/main.ts'], needs: () => 'nothing' },
  check: { start: ['scripts/check.ts'], needs: () => 'nothing' },
  generate: { start: ['scripts/generate.ts'], needs: () => 'nothing' },
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

/**
 * @param {string} name
 * @param {string[]} args
 * @returns {{ start: string[], needs: Needs }}
 * @throws Stop where there is no such command
 */
export function find(name, args) {
  const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
  if (!command) {
    const said = name ? `unknown command '${name}'` : 'no command given';
    throw new Stop(`${said}: use one of ${Object.keys(commands).join(', ')}`, 2);
  }
  const help = args.some((arg) => arg === '--help' || arg === '-h');
  return { start: command.start, needs: help ? 'nothing' : command.needs(args) };
}
