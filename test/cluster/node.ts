import { mkdir, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { dump } from 'js-yaml';
import { createNodeCgroups, nodeCgroup } from './cgroups.ts';
import { ClusterError } from './exec.ts';
import { type ClusterNode, dnsIp, podCidr, podCidrOf } from './layout.ts';
import { inside, stateDir } from './paths.ts';
import { type Sandbox, until } from './sandbox.ts';

export const pauseImage = 'registry.k8s.io/pause:3.10';

const home = (node: ClusterNode) => `${inside.state}/nodes/${node.name}`;
const homeOutside = (node: ClusterNode) => join(stateDir, 'nodes', node.name);
/** Folder in which the kubelet has a folder NAMESPACE_NAME_UID for each of its pods. */
export const podLogsDir = (node: ClusterNode) => join(homeOutside(node), 'pod-logs');

const containerdConfig = (node: ClusterNode) => `version = 3
root = "${home(node)}/containerd"
state = "/run/containerd-${node.index}"
[grpc]
  address = "${home(node)}/containerd.sock"
[plugins.'io.containerd.internal.v1.opt']
  path = "${home(node)}/opt"
[plugins.'io.containerd.cri.v1.images'.pinned_images]
  sandbox = "${pauseImage}"
[plugins.'io.containerd.cri.v1.runtime']
  # Without CAP_SYS_RESOURCE, as in many sandboxes, runc cannot lower a score.
  restrict_oom_score_adj = true
[plugins.'io.containerd.cri.v1.runtime'.cni]
  bin_dirs = ["/usr/lib/cni"]
  conf_dir = "${home(node)}/cni"
[plugins.'io.containerd.cri.v1.runtime'.containerd.runtimes.runc]
  runtime_type = "io.containerd.runc.v2"
`;

/** Point to point: every packet is routed, so that no bridge needs filters. */
const cniConfig = (node: ClusterNode) => ({
  cniVersion: '1.0.0',
  name: 'pods',
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        dataDir: `${home(node)}/addresses`,
        ranges: [[{ subnet: podCidrOf(node) }]],
        routes: [{ dst: '0.0.0.0/0' }],
      },
    },
    { type: 'portmap', capabilities: { portMappings: true } },
  ],
});

const never = '0%';
const kubeletConfig = (node: ClusterNode) => ({
  apiVersion: 'kubelet.config.k8s.io/v1beta1',
  kind: 'KubeletConfiguration',
  authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
  authorization: { mode: 'AlwaysAllow' },
  cgroupDriver: 'cgroupfs',
  cgroupRoot: nodeCgroup(node.name),
  enforceNodeAllocatable: [],
  failCgroupV1: false,
  failSwapOn: false,
  address: node.ip,
  healthzPort: 0,
  containerRuntimeEndpoint: `unix://${home(node)}/containerd.sock`,
  // The nodes share the machine's disk and memory: a node must not evict pods because of them.
  evictionHard: {
    'nodefs.available': never,
    'imagefs.available': never,
    'memory.available': never,
    'nodefs.inodesFree': never,
  },
  imageGCHighThresholdPercent: 100,
  // By default the kubelet delays a program that has died a few times by minutes, and tests kill programs on purpose.
  crashLoopBackOff: { maxContainerRestartPeriod: '1s' },
  clusterDNS: [dnsIp],
  clusterDomain: 'cluster.local',
  resolvConf: '',
  podLogsDir: `${home(node)}/pod-logs`,
  volumePluginDir: `${home(node)}/volume-plugins`,
});

const daemonName = (program: string, node: ClusterNode) => `${program}-${node.name}`;

const ctr = (node: ClusterNode) => [
  `${inside.bin}/ctr`,
  ...['--address', `${home(node)}/containerd.sock`],
];

export async function startContainerd(sandbox: Sandbox, node: ClusterNode): Promise<void> {
  const dir = homeOutside(node);
  await mkdir(join(dir, 'cni'), { recursive: true });
  await writeFile(join(dir, 'containerd.toml'), containerdConfig(node));
  await writeFile(join(dir, 'cni', '10-pods.conflist'), JSON.stringify(cniConfig(node)));
  // Its shim and ctr are found in the same folder.
  const command = `PATH=${inside.bin}:$PATH exec containerd --config ${home(node)}/containerd.toml`;
  await sandbox.startDaemon(daemonName('containerd', node), ['sh', '-c', command], node.name);
  // Its socket exists a moment before containerd answers on it.
  const answers = () =>
    sandbox.run([...ctr(node), 'version']).then(
      () => true,
      () => undefined,
    );
  const ready = await until(answers, 30_000);
  if (ready !== undefined) return;
  const why = await sandbox.lastWords(daemonName('containerd', node));
  throw new ClusterError(`containerd of ${node.name} does not start:\n${why}`);
}

const images = (node: ClusterNode) => [...ctr(node), '--namespace', 'k8s.io', 'images'];

/** On each imported image: the file name of its archive. The next import of the same image replaces it. */
const archiveLabel = 'haservice.dev/archive';

/** @param archive path of a docker-archive on the machine. */
export async function importImage(sandbox: Sandbox, node: ClusterNode, archive: string) {
  const label = `--label=${archiveLabel}=${basename(archive)}`;
  await sandbox.run([...images(node), 'import', label, '-'], {
    inputFile: archive,
    timeoutMs: 300_000,
  });
}

/** Whether the last import of an image on this node was of an archive with this file name. */
export async function holdsImage(
  sandbox: Sandbox,
  node: ClusterNode,
  archive: string,
): Promise<boolean> {
  const filter = `labels."${archiveLabel}"=="${basename(archive)}"`;
  return (await sandbox.run([...images(node), 'list', '--quiet', filter])).trim() !== '';
}

export async function startKubelet(sandbox: Sandbox, node: ClusterNode): Promise<void> {
  await createNodeCgroups(node.name);
  const dir = homeOutside(node);
  await writeFile(join(dir, 'kubelet.yaml'), dump(kubeletConfig(node)));
  await sandbox.startDaemon(
    daemonName('kubelet', node),
    [
      ...[`${inside.bin}/kube`, 'kubelet'],
      `--config=${home(node)}/kubelet.yaml`,
      `--kubeconfig=${inside.state}/kubeconfig/${node.name}`,
      `--root-dir=${home(node)}/kubelet`,
      `--cert-dir=${home(node)}/kubelet/pki`,
      `--hostname-override=${node.name}`,
      `--node-ip=${node.ip}`,
      `--node-labels=topology.kubernetes.io/zone=${node.zone}`,
    ],
    node.name,
  );
}

export const stopKubelet = (sandbox: Sandbox, node: ClusterNode) =>
  sandbox.stopDaemon(daemonName('kubelet', node), 'SIGKILL');

export async function startProxy(sandbox: Sandbox, node: ClusterNode): Promise<void> {
  await sandbox.startDaemon(
    daemonName('kube-proxy', node),
    [
      ...[`${inside.bin}/kube`, 'kube-proxy'],
      `--kubeconfig=${inside.state}/kubeconfig/proxy`,
      `--hostname-override=${node.name}`,
      '--proxy-mode=nftables',
      `--cluster-cidr=${podCidr}`,
      // Limits of the machine, which a network namespace cannot change.
      '--conntrack-max-per-core=0',
      '--conntrack-tcp-timeout-established=0',
      '--conntrack-tcp-timeout-close-wait=0',
    ],
    node.name,
  );
}
