import { describe, expect, it } from 'vitest';
import { agentConfigSchema } from '../../protocol/agent-config.ts';
import { agentConfig, agentDegradedReasons } from './agent-pod.ts';
import { usesGrpc } from '../model/capabilities.ts';
import { desiredPod, templateHash } from './pod.ts';
import { makeResource } from '../testing/fixtures.ts';

interface Container {
  name: string;
  image?: string;
  command?: string[];
  args?: string[];
  env: { name: string; value?: string; valueFrom?: object }[];
  ports: object[];
  volumeMounts: object[];
  securityContext?: object;
  resources?: object;
}
interface PodSpec {
  readinessGates?: object[];
  initContainers?: Container[];
  containers: Container[];
  volumes?: object[];
}

const container = {
  name: 'db',
  image: 'db:1',
  command: ['sh', '-c'],
  args: ['exec db --id $(POD_NAME) $$'],
  env: [
    { name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
    { name: 'MODE', value: 'ha' },
  ],
  ports: [{ containerPort: 5000 }],
  volumeMounts: [{ name: 'data', mountPath: '/data' }],
};
const exec = { status: ['sh', '-c', 'echo $$'] };

const make = (spec: object = {}, template: object = {}) => {
  const resource = makeResource({
    topology: 'LeaderFollower',
    ports: [{ port: 5000 }],
    engine: { type: 'Exec', exec },
    template: { spec: { containers: [container, { name: 'sidecar' }], ...template } },
    ...spec,
  });
  return { ...resource, agentImage: 'operator:1' };
};
const podOf = (resource: ReturnType<typeof make>) =>
  desiredPod(resource, 1, 'standby')['spec'] as PodSpec;
const configOf = (resource: ReturnType<typeof make>) => {
  const { env } = podOf(resource).containers[0]!;
  const { value } = env.find(({ name }) => name === 'HASERVICE_AGENT')!;
  return { value: value!, config: agentConfigSchema.parse(JSON.parse(value!)) };
};
const reasons = (resource: Parameters<typeof agentDegradedReasons>[0]) =>
  agentDegradedReasons(resource).map(({ reason }) => reason);

describe('a pod with an agent', () => {
  it('tells the agent its grace period, which is not in the hash, so that an upgrade restarts nothing', () => {
    const slow = make({}, { terminationGracePeriodSeconds: 300 });
    expect(configOf(slow).config.graceSeconds).toBe(300);
    expect(configOf(make()).config.graceSeconds).toBe(30);
    expect(agentConfig(slow.spec)).toEqual(agentConfig(make().spec));
  });

  it.each<[what: string, given: object | undefined, expected: object]>([
    [
      'has no limit of processor time if the program has none',
      { requests: { cpu: '2', memory: '4Gi' } },
      { requests: { cpu: '2', memory: '128Mi' }, limits: { memory: '128Mi' } },
    ],
    [
      'keeps the class Guaranteed, and needs no more than the program',
      { requests: { cpu: 1, memory: '1Gi' }, limits: { cpu: 1, memory: '1Gi' } },
      { requests: { cpu: 1, memory: '128Mi' }, limits: { cpu: 1, memory: '128Mi' } },
    ],
    [
      'requests nothing of a processor if the program does not',
      undefined,
      { requests: { memory: '128Mi' }, limits: { memory: '128Mi' } },
    ],
  ])('%s', (_what, resources, expected) => {
    const { initContainers } = podOf(make({}, { containers: [{ ...container, resources }] }));
    expect(initContainers?.[0]?.resources).toEqual(expected);
  });

  it('lets the autoscaler remove its node in spite of the volume of the agent; other volumes are as the user says', () => {
    const key = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';
    const madeWith = (annotations: object, spec: object = {}) => {
      const { template } = make().spec;
      const resource = make({ template: { ...template, metadata: { annotations } }, ...spec });
      return desiredPod(resource, 0, 'primary').metadata.annotations?.[key];
    };
    expect(madeWith({})).toBe('haservice-agent');
    expect(madeWith({ [key]: 'cache, tmp' })).toBe('cache,tmp,haservice-agent');
    expect(madeWith({ [key]: '' })).toBe('haservice-agent');
    const plain = { topology: 'ActivePassive', engine: { type: 'HTTP' } };
    expect(madeWith({}, plain)).toBeUndefined();
    expect(madeWith({ [key]: 'tmp' }, plain)).toBe('tmp');
  });

  it('of Postgres has a folder in which the agent answers for a user that the image does not know, unless the user mounts one', () => {
    const mountsOf = (type: string, volumeMounts: object[] = []) =>
      podOf(make({ engine: { type } }, { containers: [{ ...container, volumeMounts }] }))
        .containers[0]?.volumeMounts;
    const mountPath = '/var/run/nscd';
    const own = { name: 'haservice-agent', mountPath, subPath: 'nscd' };
    expect(mountsOf('Postgres')).toContainEqual(own);
    expect(mountsOf('Redis')).not.toContainEqual(own);
    expect(mountsOf('Postgres', [{ name: 'mine', mountPath }])).not.toContainEqual(own);
  });

  it('has the resources that the user gives to its init container, and the program keeps its own', () => {
    const resources = { requests: { cpu: '50m' }, limits: { cpu: '1', memory: '200Mi' } };
    const { initContainers, containers } = podOf(make({ agent: { resources } }));
    expect(initContainers?.[0]?.resources).toEqual(resources);
    expect(containers[0]).not.toHaveProperty('resources');
  });

  it('asks the agent of a database for its readiness, unless the user has a probe', () => {
    const probeOf = (spec: object, more: object = {}) =>
      podOf(make(spec, { containers: [{ ...container, ...more }] })).containers[0];
    const redis = { engine: { type: 'Redis', agentPort: 9000 } };
    const own = { readinessProbe: { tcpSocket: { port: 1 } } };
    expect(probeOf(redis)).toMatchObject({
      readinessProbe: {
        httpGet: { path: '/haservice/v1/ready', port: 9000 },
        // No red Event of a start that takes less.
        initialDelaySeconds: 2,
      },
    });
    expect(probeOf(redis, own)).toMatchObject(own);
    const gatesOf = (spec: object, more: object) =>
      podOf(make(spec, { containers: [{ ...container, ...more }], readinessGates: [other] }))
        .readinessGates;
    const other = { conditionType: 'mesh/Ready' };
    expect(gatesOf(redis, own)).toEqual([other, { conditionType: 'haservice.dev/Complete' }]);
    expect(gatesOf(redis, {})).toEqual([other]);
    expect(probeOf({})).not.toHaveProperty('readinessProbe');
  });

  it('starts the agent, which brings its own Node, in the place of its first program', () => {
    const { initContainers, containers, volumes } = podOf(
      make({}, { initContainers: [{ name: 'own' }], volumes: [{ name: 'data', emptyDir: {} }] }),
    );
    expect(initContainers?.map(({ name }) => name)).toEqual(['haservice-agent', 'own']);
    expect(initContainers?.[0]).toMatchObject({
      image: 'operator:1',
      command: ['/usr/bin/node', '/app/agent.mjs', 'install', '/haservice'],
      volumeMounts: [{ name: 'haservice-agent', mountPath: '/haservice' }],
      securityContext: {
        runAsNonRoot: true,
        runAsUser: 65532,
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
    });
    expect(containers[0]).toMatchObject({
      name: 'db',
      image: 'db:1',
      command: [
        '/haservice/lib/ld.so',
        '--library-path',
        '/haservice/lib',
        '/haservice/bin/node',
        '--max-semi-space-size=1',
        '/haservice/agent.mjs',
      ],
      ports: [{ containerPort: 5000 }, { name: 'ha-agent', containerPort: 8990 }],
      volumeMounts: [
        { name: 'data', mountPath: '/data' },
        { name: 'haservice-agent', mountPath: '/haservice' },
      ],
    });
    expect(containers[0]).not.toHaveProperty('args');
    expect(containers[1]).toEqual({ name: 'sidecar' });
    expect(volumes).toEqual([
      { name: 'data', emptyDir: {} },
      { name: 'haservice-agent', emptyDir: {} },
    ]);
  });

  it('tells the agent what to run, in a text that the kubelet does not expand', () => {
    const { value, config } = configOf(make());
    expect(value).not.toContain('$');
    expect(config).toMatchObject({
      service: 'web',
      port: 5000,
      agentPort: 8990,
      engine: { type: 'Exec', exec: { status: exec.status } },
      command: ['sh', '-c', 'exec db --id $(POD_NAME) $$'],
      args: [],
    });
    expect(config).not.toHaveProperty('leaseMs');
  });

  it('has the variables that the agent needs, each once', () => {
    const names = podOf(make()).containers[0]?.env.map(({ name }) => name);
    expect(names).toEqual(['POD_UID', 'POD_IP', 'POD_NAME', 'MODE', 'HASERVICE_AGENT']);
  });

  it('has what Redis and Postgres need besides: arguments, password, certificates', () => {
    const engine = {
      type: 'Redis',
      agentPort: 9000,
      passwordSecret: { name: 'secret' },
      tls: { secretName: 'cert' },
    };
    const resource = make({ engine }, { containers: [{ name: 'redis', args: ['--save', ''] }] });
    const { containers, volumes } = podOf(resource);
    expect(configOf(resource).config).toMatchObject({ command: [], args: ['--save', ''] });
    expect(JSON.stringify(containers[0]?.env)).not.toContain('secretKeyRef');
    expect(containers[0]?.volumeMounts).toContainEqual({
      name: 'haservice-password',
      mountPath: '/haservice-password',
      readOnly: true,
    });
    expect(containers[0]?.ports).toEqual([{ name: 'ha-agent', containerPort: 9000 }]);
    expect(containers[0]?.volumeMounts).toContainEqual({
      name: 'haservice-tls',
      mountPath: '/haservice-tls',
      readOnly: true,
    });
    expect(volumes).toContainEqual({ name: 'haservice-tls', secret: { secretName: 'cert' } });
    expect(reasons(resource)).toEqual([]);
  });

  it('has the password in a file that only the user and the group of the program can read, if the group is known', () => {
    const passwordSecret = { name: 'secret', key: 'redis' };
    const volumeOf = (template: object) =>
      podOf(make({ engine: { type: 'Redis', passwordSecret } }, template)).volumes?.at(-1);
    const secret = {
      secretName: 'secret',
      items: [{ key: 'redis', path: 'password' }],
      optional: true,
    };
    expect(volumeOf({ securityContext: { runAsUser: 999, fsGroup: 999 } })).toEqual({
      name: 'haservice-password',
      secret: { ...secret, defaultMode: 0o440 },
    });
    expect(volumeOf({ securityContext: { runAsUser: 999 } })).toMatchObject({
      secret: { defaultMode: 0o444 },
    });
  });

  it.each(['TCP', 'HTTP', 'GRPC'])(
    'is added for %s only if a primary needs a lease, and speaks HTTP itself',
    (type) => {
      const plain = { topology: 'ActivePassive', engine: { type } };
      expect(podOf(make(plain)).containers[0]?.command).toEqual(container.command);
      const strong = make({ ...plain, failover: { consistency: 'Strong', leaseDuration: '9s' } });
      expect(configOf(strong).config).toMatchObject({ leaseMs: 9_000, engine: { type } });
      expect(usesGrpc(strong.spec)).toBe(false);
      expect(usesGrpc(make({ ...plain, topology: 'LeaderFollower' }).spec)).toBe(type === 'GRPC');
    },
  );
});

describe('the hash of a pod with an agent', () => {
  const hash = (spec: object = {}) => templateHash(make(spec).spec);

  it('is the one of earlier versions: an upgrade of the operator restarts no pod, though new pods have the password in a file', () => {
    const engine = { type: 'Redis', passwordSecret: { name: 's' }, tls: { secretName: 't' } };
    expect(hash({ engine })).toBe('8f6041fc19c72ed2');
  });

  it('changes with the agent’s settings, and not with its image', () => {
    const strong = { failover: { consistency: 'Strong' } };
    expect(hash(strong)).not.toBe(hash());
    expect(hash({ failover: { consistency: 'Strong', leaseDuration: '9s' } })).not.toBe(
      hash(strong),
    );
    expect(hash({ engine: { type: 'Exec', exec: { status: ['true'] } } })).not.toBe(hash());
    expect(hash({ replicas: 5, failover: { maxLag: '9Mi' } })).toBe(hash());
    const other = { ...make(), agentImage: 'operator:2' };
    expect(desiredPod(other, 1, 'standby').metadata.annotations).toEqual(
      desiredPod(make(), 1, 'standby').metadata.annotations,
    );
  });
});

describe('an agent that cannot be', () => {
  it('is reported: no image, no command, or processes that would survive the agent', () => {
    const bare = { containers: [{ name: 'db', args: ['--x'] }] };
    expect(reasons(makeResource())).toEqual([]);
    expect(reasons(make())).toEqual([]);
    const { agentImage: _image, ...unknown } = make();
    expect(reasons(unknown)).toEqual(['AgentImageUnknown']);
    expect(agentDegradedReasons(make({}, bare))).toEqual([
      { reason: 'CommandMissing', message: expect.stringContaining('container db') },
    ]);
    const strong = { failover: { consistency: 'Strong' } };
    const shared = { containers: [container], shareProcessNamespace: true };
    expect(reasons(make({}, shared))).toEqual([]);
    expect(agentDegradedReasons(make(strong, shared))).toEqual([
      { reason: 'ProcessesShared', message: expect.stringContaining('shareProcessNamespace') },
    ]);
    expect(reasons(make(strong, { containers: [container], hostPID: true }))).toEqual([
      'ProcessesShared',
    ]);
  });
});
