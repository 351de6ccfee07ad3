import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { run } from '../exec.ts';
import { allPids, commandLine, isRunning } from '../processes.ts';
import { type CheckoutCopy, copied } from './checkout-copy.ts';

/** Found independently of the cluster's own records: by a variable that its processes inherit, and by names. */
export function processesOf(copy: CheckoutCopy): number[] {
  return allPids().filter((pid) => {
    const read = (file: string) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'utf8');
      } catch {
        return '';
      }
    };
    const ours = read('environ').includes(copy.tag) || read('cgroup').includes(copy.id);
    return ours && isRunning(pid);
  });
}

/** Everything on the machine that belongs to this checkout's cluster: processes, mounts, interfaces, cgroups, files. */
export function tracesOf(copy: CheckoutCopy): string[] {
  const name = (path: string) => path.includes(copy.dir) || path.includes(copy.id);
  const list = (dir: string) => (existsSync(dir) ? readdirSync(dir) : []);
  const groups = ['', ...list('/sys/fs/cgroup')].flatMap((hierarchy) =>
    list(join('/sys/fs/cgroup', hierarchy)).map((group) => join(hierarchy, group)),
  );
  // A namespace without a process would be held by a mount.
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').replaceAll('\\040', ' ').split('\n');
  const kept = [...copied, 'node_modules'];
  return [
    ...processesOf(copy).map((pid) => `process ${pid}: ${commandLine(pid).join(' ')}`),
    ...mounts.filter(name).map((line) => `mount ${line}`),
    ...list('/sys/class/net')
      .filter(name)
      .map((device) => `interface ${device}`),
    ...groups.filter(name).map((group) => `cgroup ${group}`),
    ...list(copy.dir).flatMap((file) => (kept.includes(file) ? [] : [`file ${file}`])),
  ];
}

/** Settings that a kubelet or a container runtime would change on a machine of its own. */
export async function machineOf(): Promise<string> {
  const keys = ['vm.overcommit_memory', 'vm.panic_on_oom', 'kernel.panic', 'kernel.panic_on_oops'];
  const folders = [
    '/etc/cni',
    '/etc/kubernetes',
    '/opt/cni',
    '/opt/containerd',
    '/var/lib/kubelet',
  ];
  const settings = await run(['sysctl', ...keys]);
  const network = await run(['nft', 'list', 'tables']);
  return [settings, network, ...folders.map((dir) => `${dir}: ${existsSync(dir)}`)].join('\n');
}
