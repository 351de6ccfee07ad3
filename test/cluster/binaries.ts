import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ClusterError, run } from './exec.ts';
import { cacheDir } from './paths.ts';
import { requireDisk } from './preflight.ts';
import { isRunning } from './processes.ts';

const kubernetes = 'v1.36.3';
const containerd = 'v2.4.2';
const source = fileURLToPath(new URL('go', import.meta.url));
const version = 'k8s.io/component-base/version';
const [major, minor] = kubernetes.slice(1).split('.');
const ldflags = `-s -w -X ${version}.gitVersion=${kubernetes} -X ${version}.gitMajor=${major} -X ${version}.gitMinor=${minor}`;
const containerdPrograms = ['containerd', 'containerd-shim-runc-v2', 'ctr'].map(
  (name) => `github.com/containerd/containerd/v2/cmd/${name}@${containerd}`,
);
/** A command that starts with these words ends with this process, together with all that it has started, however this process ends. */
const bound = [
  ...['setpriv', '--pdeathsig', 'KILL'],
  ...['unshare', '--pid', '--fork', '--kill-child', '--'],
];
const programs = ['./kube', './coredns', './pause', './init', './wire'];
const buildMs = 3_600_000;
/** Disk space for the sources, Go's build cache and the binaries: for a first build, and for one that finds most of that. */
const gigabytes = { first: 10, later: 2 };
const goNeeded = 26;

/** What is wrong with a Go compiler of this version, such as `go1.26.3`; empty if nothing is. */
export function goComplaint(version: string): string | undefined {
  const what = `install Go 1.${goNeeded} or later and put it on the PATH`;
  if (version === '') return `Go is missing: ${what}`;
  const [, major, minor] = /^go(\d+)\.(\d+)/.exec(version) ?? [];
  // A development version has no number.
  if (major === undefined || Number(major) > 1 || Number(minor) >= goNeeded) return undefined;
  return `Go ${major}.${minor} is too old: ${what}`;
}

/** Unfinished folders of killed processes. */
async function removeAbandoned(): Promise<void> {
  for (const name of await readdir(cacheDir).catch(() => [])) {
    const pid = /^cluster-[0-9a-f]+\.(\d+)$/.exec(name)?.[1];
    if (pid !== undefined && !isRunning(Number(pid))) {
      await rm(join(cacheDir, name), { recursive: true, force: true });
    }
  }
}

async function contentKey(goVersion: string): Promise<string> {
  const hash = createHash('sha256').update([goVersion, ldflags, ...containerdPrograms].join('\n'));
  const files = await readdir(source, { recursive: true, withFileTypes: true });
  const names = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort();
  for (const name of names) hash.update(name.slice(source.length)).update(await readFile(name));
  return hash.digest('hex').slice(0, 16);
}

/** Counts the packages that `go build -v` prints, so that minutes of compiling show progress. */
function progress(log: (line: string) => void, what: string, signal: AbortSignal | undefined) {
  let packages = 0;
  const started = Date.now();
  const timer = setInterval(() => {
    log(`${what}: ${packages} packages, ${Math.round((Date.now() - started) / 1_000)} s`);
  }, 15_000);
  return {
    options: {
      timeoutMs: buildMs,
      signal,
      onErrorLine: (line: string) => {
        if (!line.startsWith('go: ')) packages += 1;
      },
    },
    end: () => clearInterval(timer),
  };
}

/**
 * Folder with kube, coredns, pause, init, wire, containerd, its shim and ctr, built from Go modules once per content.
 *
 * @throws ClusterError if Go is missing or the build fails.
 */
export async function buildBinaries(
  log: (line: string) => void,
  signal?: AbortSignal,
): Promise<string> {
  const env = { ...process.env, CGO_ENABLED: '0', GOTOOLCHAIN: 'local', GOFLAGS: '' };
  const goVersion = await run(['go', 'env', 'GOVERSION', 'GOARCH'], { env }).catch(() => '');
  const why = goComplaint(goVersion);
  if (why !== undefined) throw new ClusterError(why);
  const target = join(cacheDir, `cluster-${await contentKey(goVersion)}`);
  if (existsSync(target)) return target;
  await removeAbandoned();
  const others = await readdir(cacheDir).catch(() => []);
  const first = !others.some((name) => name.startsWith('cluster-'));
  await requireDisk(cacheDir, first ? gigabytes.first : gigabytes.later);
  log(
    `building Kubernetes, etcd, CoreDNS and containerd from source, once${first ? ': 6 to 10 minutes on two cores' : ''}`,
  );
  const half = `${target}.${process.pid}`;
  await mkdir(half, { recursive: true });
  try {
    const kube = progress(log, `Kubernetes ${kubernetes}`, signal);
    const flags = ['-v', '-trimpath', '-ldflags', ldflags];
    await run([...bound, 'go', 'build', ...flags, '-o', `${half}/`, ...programs], {
      ...kube.options,
      env,
      cwd: source,
    }).finally(kube.end);
    const runtime = progress(log, `containerd ${containerd}`, signal);
    await run(
      [...bound, 'go', 'install', '-v', '-trimpath', '-ldflags', '-s -w', ...containerdPrograms],
      {
        ...runtime.options,
        env: { ...env, GOBIN: half },
      },
    ).finally(runtime.end);
    await symlink('kube', join(half, 'kubectl'));
    await rename(half, target).catch((error: unknown) => {
      // Another checkout has finished the same content first.
      if (!existsSync(target)) throw error;
    });
  } finally {
    await rm(half, { recursive: true, force: true });
  }
  return target;
}
