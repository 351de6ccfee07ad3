import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from './exec.ts';
import { allPids, commandLine, namespaceOf } from './processes.ts';
import { CheckoutCopy } from './testing/checkout-copy.ts';
import { controlPlane, inNetworkOf } from './testing/broadcast-receivers.ts';

let copy: CheckoutCopy;

beforeAll(async () => {
  copy = new CheckoutCopy();
  await copy.run('up');
});

afterAll(async () => {
  await copy.run('down');
  copy.remove();
});

/** Result of a connection from the control plane's network. */
const reach = async (...to: string[]) => {
  const program = fileURLToPath(new URL('testing/reach.ts', import.meta.url));
  const argv = [process.execPath, program, ...to];
  return (await run(inNetworkOf(copy.state.initPid, controlPlane, argv))).trim();
};
const reaching = (...to: string[]) =>
  expect.poll(() => reach(...to), { timeout: 60_000, interval: 200 });

test.each(['kube-apiserver', 'etcd'])('stop %s, undone by start', async (component) => {
  const readyz = () => copy.kubectl(['get', '--raw', '/readyz']).catch(String);
  await copy.run('stop', component);
  try {
    // The API server notices the end of etcd only at its next request.
    await expect.poll(readyz, { timeout: 60_000 }).not.toBe('ok');
    expect(await copy.run('status')).toContain(`faults: ${component} is stopped`);
  } finally {
    await copy.run('start', component);
  }
  await expect.poll(readyz, { timeout: 60_000 }).toBe('ok');
});

test('stop-kubelet, undone by start-kubelet', async () => {
  const [{ name, ip } = { name: '', ip: '' }] = copy.state.nodes;
  await reaching(ip, '10250').toBe('connected');
  await copy.run('stop-kubelet', name);
  expect(await reach(ip, '10250')).toBe('ECONNREFUSED');
  expect(await copy.run('status')).toContain(`faults: kubelet-${name} is stopped`);
  await copy.run('start-kubelet', name);
  await reaching(ip, '10250').toBe('connected');
});

test('a program that ends by itself is restarted', async () => {
  const scheduler = () =>
    allPids().find(
      (pid) =>
        namespaceOf(pid, 'pid') === namespaceOf(copy.state.initPid, 'pid') &&
        commandLine(pid)[1] === 'kube-scheduler',
    );
  const first = scheduler();
  expect(first).toBeDefined();
  process.kill(first!, 'SIGKILL');
  await expect.poll(scheduler, { timeout: 30_000 }).not.toBe(first);
  await expect.poll(scheduler, { timeout: 30_000 }).toBeDefined();
});

interface DnsPod {
  name: string;
  uid: string;
  ip: string;
}

/** A pod that every cluster has. */
async function dnsPod(): Promise<DnsPod> {
  const field = '{.metadata.name} {.metadata.uid} {.status.podIP}';
  const path = `jsonpath={range .items[0]}${field}{end}`;
  const pods = ['get', 'pods', '--namespace', 'kube-system', '--selector', 'k8s-app=kube-dns'];
  const list = await copy.kubectl([...pods, '--output', path]);
  const [name = '', uid = '', ip = ''] = list.trim().split(' ');
  return { name, uid, ip };
}

test('freeze a pod, and thaw it', async () => {
  const { name, ip } = await dnsPod();
  await reaching(ip, '8080', '/health').toBe('200');
  await copy.run('freeze', `kube-system/${name}`);
  expect(await reach(ip, '8080', '/health')).toBe('silent');
  await copy.run('thaw', name, '--namespace', 'kube-system');
  await reaching(ip, '8080', '/health').toBe('200');
});

test('kill a pod’s processes: its container is restarted', async () => {
  const { name } = await dnsPod();
  const restarts = '{.status.containerStatuses[0].restartCount}';
  const pod = ['--namespace', 'kube-system', `pod/${name}`];
  const count = await copy.kubectl(['get', ...pod, '--output', `jsonpath=${restarts}`]);
  await copy.run('kill', `kube-system/${name}`);
  const again = `--for=jsonpath=${restarts}=${Number(count) + 1}`;
  for (const condition of [again, '--for=condition=Ready']) {
    await copy.kubectl(['wait', condition, ...pod, '--timeout=60s']);
  }
});

test('the DNS resolves a Service for a pod', async () => {
  const { uid, name } = await dnsPod();
  const pid = allPids().find((candidate) => {
    try {
      const inPod = readFileSync(`/proc/${candidate}/cgroup`, 'utf8').includes(uid);
      return inPod && readFileSync(`/proc/${candidate}/comm`, 'utf8').trim() === 'coredns';
    } catch {
      return false;
    }
  });
  expect(pid, `process of ${name}`).toBeDefined();
  // In the pod's network and with its resolv.conf, but with a program that its image lacks.
  const ask = 'cat "$1" > "$2"; mount --bind "$2" /etc/resolv.conf; getent ahostsv4 "$3"';
  const files = [`/proc/${pid}/root/etc/resolv.conf`, join(copy.dir, '.cluster/resolv.conf')];
  const resolve = async (service: string) => {
    const argv = ['unshare', '--mount', 'sh', '-ec', ask, 'sh', ...files, service];
    return (await run(['nsenter', `--net=/proc/${pid}/ns/net`, '--', ...argv])).split(/\s/)[0];
  };
  expect(await resolve('kubernetes.default')).toBe('10.96.0.1');
  expect(await resolve('kube-dns.kube-system.svc.cluster.local')).toBe('10.96.0.10');
});

/** A claim, and a pod that writes a file to it: a CoreDNS that writes its process id there. */
const writer = [
  {
    apiVersion: 'v1',
    kind: 'PersistentVolumeClaim',
    metadata: { name: 'data', namespace: 'kube-system' },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  },
  {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'writer', namespace: 'kube-system' },
    spec: {
      serviceAccountName: 'coredns',
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'writer',
          image: 'docker.io/library/coredns:local',
          imagePullPolicy: 'Never',
          args: ['-conf', '/etc/coredns/Corefile', '-pidfile', '/data/pid'],
          volumeMounts: [
            { name: 'config', mountPath: '/etc/coredns' },
            { name: 'data', mountPath: '/data' },
          ],
        },
      ],
      volumes: [
        { name: 'config', configMap: { name: 'coredns' } },
        { name: 'data', persistentVolumeClaim: { claimName: 'data' } },
      ],
    },
  },
];

test('a pod writes to a local volume of its node; after its claim is deleted the volume is empty and free', async () => {
  const input = writer.map((object) => JSON.stringify(object)).join('\n---\n');
  const inKubeSystem = ['--namespace', 'kube-system'];
  await copy.kubectl(['apply', '-f', '-'], input);
  await copy.kubectl([
    'wait',
    '--for=condition=Ready',
    'pod/writer',
    '--timeout=60s',
    ...inKubeSystem,
  ]);
  const of = (what: string, path: string) =>
    copy.kubectl(['get', ...what.split(' '), '--output', `jsonpath=${path}`, ...inKubeSystem]);
  const volume = await of('pvc data', '{.spec.volumeName}');
  const node = await of('pod writer', '{.spec.nodeName}');
  expect(volume.startsWith(node)).toBe(true);
  const folder = join(copy.dir, '.cluster/volumes', node, volume.slice(node.length + 1));
  await expect.poll(() => readdirSync(folder), { timeout: 10_000 }).toEqual(['pid']);
  // CoreDNS removes its file when it ends; this file stays.
  writeFileSync(join(folder, 'more'), '');

  await copy.kubectl(['delete', '-f', '-'], input);
  await copy.kubectl([
    'wait',
    '--for=jsonpath={.status.phase}=Available',
    `pv/${volume}`,
    '--timeout=60s',
  ]);
  expect(readdirSync(folder)).toEqual([]);
});
