import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { KubeClient } from '../../src/kube/client.ts';
import { ClusterError } from './exec.ts';
import { apiPort, apiServiceIp, controlPlaneIp, podCidr, serviceCidr } from './layout.ts';
import { inside, stateDir } from './paths.ts';
import { createAuthority, issue, kubeconfig } from './pki.ts';
import { type Sandbox, until } from './sandbox.ts';

export const components = [
  'etcd',
  'kube-apiserver',
  'kube-controller-manager',
  'kube-scheduler',
] as const;
export type Component = (typeof components)[number];

const file = (name: string) => `${inside.state}/pki/${name}`;
/** Name by which the control plane's own programs and the nodes address the API server. */
const internalServer = `https://${controlPlaneIp}:${apiPort}`;

/** Flags of each program. Everything else is Kubernetes' default, so that measurements apply to an ordinary cluster. */
const flags: Record<Component, string[]> = {
  etcd: [
    `--data-dir=${inside.state}/etcd`,
    '--listen-client-urls=http://127.0.0.1:2379',
    '--advertise-client-urls=http://127.0.0.1:2379',
    '--listen-peer-urls=http://127.0.0.1:2380',
    // The cluster is deleted as a whole: nothing needs to survive a crash of the machine.
    '--unsafe-no-fsync',
  ],
  'kube-apiserver': [
    '--etcd-servers=http://127.0.0.1:2379',
    `--tls-cert-file=${file('apiserver.crt')}`,
    `--tls-private-key-file=${file('apiserver.key')}`,
    `--client-ca-file=${file('ca.crt')}`,
    `--service-account-key-file=${file('service-accounts.key')}`,
    `--service-account-signing-key-file=${file('service-accounts.key')}`,
    '--service-account-issuer=https://kubernetes.default.svc',
    '--authorization-mode=Node,RBAC',
    '--enable-admission-plugins=NodeRestriction,OwnerReferencesPermissionEnforcement',
    `--service-cluster-ip-range=${serviceCidr}`,
    `--secure-port=${apiPort}`,
    `--advertise-address=${controlPlaneIp}`,
    '--allow-privileged=true',
    '--kubelet-preferred-address-types=InternalIP',
    `--kubelet-client-certificate=${file('apiserver-kubelet.crt')}`,
    `--kubelet-client-key=${file('apiserver-kubelet.key')}`,
  ],
  'kube-controller-manager': [
    `--kubeconfig=${inside.state}/kubeconfig/controller-manager`,
    `--service-account-private-key-file=${file('service-accounts.key')}`,
    `--root-ca-file=${file('ca.crt')}`,
    '--use-service-account-credentials',
    '--allocate-node-cidrs=false',
    `--cluster-cidr=${podCidr}`,
    '--leader-elect=false',
  ],
  'kube-scheduler': [`--kubeconfig=${inside.state}/kubeconfig/scheduler`, '--leader-elect=false'],
};

export const isComponent = (name: string): name is Component =>
  (components as readonly string[]).includes(name);

export const startComponent = (sandbox: Sandbox, name: Component) =>
  sandbox.startDaemon(name, [`${inside.bin}/kube`, name, ...flags[name]]);

/** Certificates and kubeconfigs, also one for a user on the machine. */
export async function createIdentities(link: { cluster: string }, nodes: { name: string }[]) {
  await createAuthority();
  const hosts = ['kubernetes', 'kubernetes.default', 'kubernetes.default.svc', 'localhost'];
  const addresses = [apiServiceIp, controlPlaneIp, '127.0.0.1', link.cluster];
  await Promise.all([
    issue('apiserver', {
      user: 'kube-apiserver',
      hosts: [...hosts.map((host) => `DNS:${host}`), ...addresses.map((ip) => `IP:${ip}`)],
    }),
    issue('apiserver-kubelet', { user: 'kube-apiserver-kubelet', group: 'system:masters' }),
    issue('admin', { user: 'admin', group: 'system:masters' }),
    issue('controller-manager', { user: 'system:kube-controller-manager' }),
    issue('scheduler', { user: 'system:kube-scheduler' }),
    issue('proxy', { user: 'system:kube-proxy' }),
    issue('volumes', { user: 'local-volumes' }),
    ...nodes.map(({ name }) => issue(name, { user: `system:node:${name}`, group: 'system:nodes' })),
  ]);
  const internal = [
    'controller-manager',
    'scheduler',
    'proxy',
    'volumes',
    ...nodes.map(({ name }) => name),
  ];
  const write = (name: string, text: string) =>
    writeFile(join(stateDir, 'kubeconfig', name), text, { mode: 0o600 });
  await Promise.all(internal.map((name) => write(name, kubeconfig(name, internalServer))));
  const read = (name: string) => readFile(join(stateDir, 'pki', name), 'utf8');
  const [ca, cert, key] = await Promise.all([read('ca.crt'), read('admin.crt'), read('admin.key')]);
  await write(
    'admin',
    kubeconfig('admin', `https://${link.cluster}:${apiPort}`, { ca, cert, key }),
  );
}

/** A client of the API server, as admin, from the machine. */
export function connect(kubeconfigFile: string): KubeClient {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfigFile);
  return KubeClient.fromKubeConfig(config);
}

/** Waits until the API server answers. @throws ClusterError with the end of its log. */
export async function waitForApi(
  sandbox: Sandbox,
  client: KubeClient,
  signal?: AbortSignal,
): Promise<void> {
  const ping = () =>
    client.ping({ timeoutMs: 2_000 }).then(
      () => true,
      () => undefined,
    );
  if ((await until(ping, 120_000, signal)) !== undefined) return;
  throw new ClusterError(
    `the API server does not start:\n${await sandbox.lastWords('kube-apiserver')}`,
  );
}
