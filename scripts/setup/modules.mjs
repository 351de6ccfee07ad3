import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { run, tail } from './child.mjs';
import { installPackages } from './debian.mjs';
import { withLock } from './lock.mjs';
import { has } from './machine.mjs';
import { say, Stop } from './stop.mjs';

/**
 * Installs what package-lock.json says, unless that is what is there.
 * @param {string} root the checkout
 * @returns {Promise<string>} the path of the Node that the project runs on
 */
export async function modules(root) {
  const node = join(root, 'node_modules/node/bin/node');
  const stamp = join(root, 'node_modules/.haservice-lock-hash');
  const hash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  // npm ci empties node_modules first, and the stamp is written last: a run that was cut short leaves none.
  const installed = () =>
    existsSync(node) && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash;
  if (installed()) return node;

  const onWait = (/** @type {number} */ pid) =>
    say(`waiting for process ${pid}, which installs npm packages here`);
  await withLock(join(root, '.setup.lock'), onWait, async (hold) => {
    if (installed()) return;
    await atomicLibrary();
    say('installing npm packages (once, about half a minute)');
    const started = Date.now();
    await npm(root, hold, ['ci', '--include=dev', '--no-audit', '--no-fund']);
    // Where npm is set not to run install scripts, the one that brings Node is run by itself.
    if (!existsSync(node)) await npm(root, hold, ['rebuild', 'node', '--ignore-scripts=false']);
    if (!existsSync(node)) {
      throw new Stop(
        `npm installed the packages but not ${node}: run \`npm rebuild node\` and look at what it says`,
      );
    }
    writeFileSync(stamp, hash);
    say(`npm packages installed (${Math.round((Date.now() - started) / 1000)} s)`);
  });
  return node;
}

/** A library that Node 26 loads and a bare Debian does not have. Install scripts run that Node already. */
async function atomicLibrary() {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !has('apt-get')) return;
  const known = await run('ldconfig', ['-p'], { quiet: true, timeoutMs: 30_000 });
  if (!known.output.includes('libatomic.so.1')) await installPackages(['libatomic1']);
}

/**
 * @param {string} root
 * @param {(pid: number) => void} hold
 * @param {string[]} args
 */
async function npm(root, hold, args) {
  const env = { ...process.env };
  // Options that were meant for the command (`npm test --only unit`) must not reach this npm.
  for (const name of ['only', 'omit', 'include', 'production', 'global', 'dry_run']) {
    delete env[`npm_config_${name}`];
  }
  const cli = process.env['npm_execpath'];
  const ended = await run(cli ? process.execPath : 'npm', cli ? [cli, ...args] : args, {
    cwd: root,
    env,
    quiet: true,
    onStart: hold,
  }).catch((/** @type {unknown} */ error) => {
    throw new Stop(`npm cannot be started (${String(error)}): install npm, which comes with Node`);
  });
  if (ended.stop) throw new Stop('stopped while npm packages were being installed', ended.stop);
  if (ended.code !== 0) {
    const advice = ended.output.includes('libatomic.so.1') ? ' (install libatomic1)' : '';
    throw new Stop(
      `\`npm ${args.join(' ')}\` failed${advice}, exit ${ended.code}:\n${tail(ended.output)}`,
    );
  }
}
