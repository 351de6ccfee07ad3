import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fileURLToPath } from 'node:url';
import { specSchema } from '../../src/api/spec.ts';
import { haServices } from '../../src/controller/state/resource-type.ts';
import { storedStatus } from '../../src/controller/observe/stored-status.ts';
import type { KubeClient } from '../../src/kube/client.ts';
import type { ResourceType } from '../../src/kube/resources.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';
import { Cluster } from '../cluster/cluster.ts';
import { Api } from '../framework/api.ts';

const namespace = 'integration-crd';
const crds = fileURLToPath(new URL('../../crds', import.meta.url));
const crdType: ResourceType<Crd> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
}
interface Crd extends KubeObject {
  spec: { versions: { schema: { openAPIV3Schema: Schema } }[] };
  status?: { conditions?: { type: string; status: string }[] };
}

let cluster: Cluster;
let api: Api;
let client: KubeClient;
const kubectl = (args: string[], object?: unknown) =>
  cluster.runKubectl(['--namespace', namespace, ...args], {
    ...(object === undefined ? {} : { input: JSON.stringify(object) }),
  });

beforeAll(async () => {
  cluster = await Cluster.open();
  api = Api.fromFile(cluster.kubeconfig);
  client = api.client;
  await cluster.runKubectl(['apply', '-k', crds]);
  await cluster.runKubectl(['wait', '--for=condition=Established', 'crd/haservices.haservice.dev']);
  await cluster.runKubectl(['delete', 'namespace', namespace, '--ignore-not-found', '--wait']);
  await cluster.runKubectl(['create', 'namespace', namespace]);
});
afterAll(async () => {
  await cluster.runKubectl(['delete', 'namespace', namespace, '--wait']);
  await api.close();
});

const template = { spec: { containers: [{ name: 'web', image: 'nginx:stable' }] } };
/** Paused: an operator that may run on this cluster leaves it alone. */
const minimal = { ports: [{ port: 80 }], engine: { type: 'HTTP' }, template, paused: true };
const resource = (name: string, spec: object) => ({
  apiVersion: 'haservice.dev/v1alpha1',
  kind: 'HAService',
  metadata: { name, namespace },
  spec: { ...minimal, ...spec },
});

describe('the CRD', () => {
  it('is accepted whole: structural, served, without a warning', async () => {
    const crd = await client.get(crdType, { name: 'haservices.haservice.dev' });
    const conditions = Object.fromEntries(
      (crd.status?.conditions ?? []).map(({ type, status }) => [type, status]),
    );
    expect(conditions).toMatchObject({ Established: 'True', NamesAccepted: 'True' });
    expect(conditions['NonStructuralSchema']).toBeUndefined();
    // A warning makes this fail.
    await cluster.runKubectl(['apply', '-k', crds, '--warnings-as-errors']);
  });

  it('explains every field', async () => {
    const crd = await client.get(crdType, { name: 'haservices.haservice.dev' });
    const bare: string[] = [];
    const look = (schema: Schema, path: string) => {
      for (const [name, field] of Object.entries(schema.properties ?? {})) {
        const own = `${path}.${name}`;
        if (field.description === undefined && !/^\.(apiVersion|kind|metadata)/.test(own)) {
          bare.push(own);
        }
        look(field, own);
        if (field.items !== undefined) look(field.items, `${own}[]`);
      }
    };
    look(crd.spec.versions[0]?.schema.openAPIV3Schema ?? {}, '');
    expect(bare).toEqual([]);
    // The API server publishes a new resource's documentation a moment after it serves the resource.
    const explained = () => kubectl(['explain', 'haservice.spec.failover']).catch(String);
    await expect
      .poll(explained, { timeout: 30_000 })
      .toContain('What happens when the primary fails');
    expect(await explained()).toContain('minInterval');
  });

  it('shows the columns that a person looks for', async () => {
    await kubectl(['apply', '-f', '-'], resource('columns', {}));
    const [header] = (await kubectl(['get', 'has'])).split('\n');
    expect(header?.split(/\s+/)).toEqual([
      'NAME',
      'TOPOLOGY',
      'PRIMARY',
      'READY',
      'PHASE',
      'REASON',
      'LAST-FAILOVER',
      'AGE',
    ]);
  });

  it('can be scaled', async () => {
    await kubectl(['apply', '-f', '-'], resource('scaled', { replicas: 2 }));
    await kubectl(['scale', 'haservice/scaled', '--replicas=4']);
    const { spec } = await client.get(haServices, { namespace, name: 'scaled' });
    expect(spec).toMatchObject({ replicas: 4 });
  });
});

describe('a status of an older operator', () => {
  const name = 'older';
  const startedAt = '2026-01-01T00:00:00Z';
  const record = { epoch: 2, from: 'web-0', to: 'web-1', startedAt, outcome: 'Completed' };
  const member = { pod: 'web-0', uid: 'uid', role: 'standby' };
  const statusOf = (word: string) => ({
    epoch: 3,
    fencing: { epoch: 3, trigger: word, startedAt },
    members: [{ ...member, health: word }],
    failovers: [{ ...record, trigger: word, fence: 'Obeyed: web-0 itself takes no writes' }],
  });
  const write = (status: object) =>
    kubectl([
      'patch',
      'has',
      name,
      '--subresource=status',
      '--type=merge',
      '-p',
      JSON.stringify({ status }),
    ]);

  it('is taken, and so is what this operator makes of it; another word is not', async () => {
    await kubectl(['apply', '-f', '-'], resource(name, {}));
    await write(statusOf('Sick'));
    const old = await client.get(haServices, { namespace, name });
    expect(old.status).toMatchObject(statusOf('Sick'));
    const status = storedStatus(old);
    expect(status).toMatchObject({ fencing: { trigger: 'Unhealthy' } });
    // What comes after is appended to it.
    const failovers = [{ ...record, epoch: 3, trigger: 'Crash' }, ...(status.failovers ?? [])];
    await write({ ...status, failovers });
    const { status: written } = await client.get(haServices, { namespace, name });
    expect(JSON.stringify(written)).not.toMatch(/Sick|Obeyed/);
    await expect(write(statusOf('Ill'))).rejects.toThrow(/Unsupported value: "Ill"/);
    await kubectl(['delete', 'has', name]);
  });
});

describe('defaults', () => {
  it.each([
    ['nothing but what is required', {}],
    ['half a section', { heartbeat: { interval: '100ms' }, placement: { zones: { minZones: 2 } } }],
    ['a health service', { engine: { type: 'GRPC', grpc: {} } }],
    ['resources of the agent', { agent: { resources: { requests: { cpu: 1, memory: '1Gi' } } } }],
    ['hooks', { engine: { type: 'TCP', port: 80, promote: { path: '/promote' } } }],
  ])('of the API server and of the operator are the same: %s', async (_, spec) => {
    const name = 'defaults';
    await kubectl(['apply', '-f', '-'], resource(name, spec));
    const stored = await client.get(haServices, { namespace, name });
    // Those below a list are the operator's alone.
    const parsed = specSchema.parse({ ...minimal, ...spec });
    expect(stored.spec).toEqual({ ...parsed, ports: minimal.ports });
    expect(specSchema.parse(stored.spec)).toEqual(parsed);
    await kubectl(['delete', 'has', name]);
  });

  it('change nothing in a file that is applied again', async () => {
    const apply = () => kubectl(['apply', '-f', '-'], resource('again', {}));
    await apply();
    expect(await apply()).toMatch(/ unchanged$/m);
    await kubectl(['delete', 'has', 'again']);
  });
});

describe('a wrong spec is refused with what to write instead', () => {
  it.each<[string, object, RegExp]>([
    ['a timeout that is not longer', { heartbeat: { interval: '2s' } }, /must be longer than/],
    ['an interval that is too short', { heartbeat: { interval: '1ms' } }, /at least 10ms/],
    [
      'a duration without a unit',
      { heartbeat: { timeout: '2' } },
      /spec.heartbeat.timeout: Invalid value: "?2"?: a duration has a unit; write 2s/,
    ],
    [
      'a duration that is a number',
      { heartbeat: { timeout: 2 } },
      /spec.heartbeat.timeout: Invalid value: "?2"?: a duration has a unit; write 2s/,
    ],
    [
      'a duration in words',
      { failover: { delay: 'two seconds' } },
      /spec.failover.delay: .*no duration; write numbers with units, such as 500ms/,
    ],
    [
      'an engine that there is not',
      { engine: { type: 'HTPP' } },
      /supported values: "TCP", "HTTP"/,
    ],
    [
      'tcp with HTTP',
      { engine: { type: 'HTTP', tcp: { send: '', expect: 'x' } } },
      /goes with type: TCP/,
    ],
    ['http with TCP', { engine: { type: 'TCP', http: { path: '/' } } }, /goes with type: HTTP/],
    ['grpc with HTTP', { engine: { type: 'HTTP', grpc: {} } }, /goes with type: GRPC/],
    [
      'an external traffic policy without traffic from outside',
      { services: { write: { externalTrafficPolicy: 'Local' } } },
      /write type: NodePort or LoadBalancer/,
    ],
    [
      'a session time without sessions',
      { services: { read: { sessionAffinityTimeout: '1h' } } },
      /goes with sessionAffinity: ClientIP/,
    ],
    [
      'a session of more than a day',
      { services: { all: { sessionAffinity: 'ClientIP', sessionAffinityTimeout: '25h' } } },
      /write 24h or less/,
    ],
    [
      'the class of a load balancer that there is not',
      { services: { write: { type: 'NodePort', loadBalancerClass: 'a.example/b' } } },
      /go with type: LoadBalancer/,
    ],
    [
      'an annotation that is no text',
      { services: { write: { annotations: { internal: true } } } },
      /services.write.annotations.internal/,
    ],
    [
      'a label of the operator to inherit',
      { inherit: { labels: ['team', 'haservice.dev/name'] } },
      /remove that name/,
    ],
    ['no port', { ports: [] }, /should have at least 1 items/],
    ['a port out of range', { ports: [{ port: 70_000 }] }, /less than or equal to 65535/],
    [
      'two ports of one name',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'a', port: 2 },
        ],
      },
      /names must differ/,
    ],
    [
      'one port twice',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1 },
        ],
      },
      /offer the same port/,
    ],
    [
      'one port twice, once with the default protocol',
      {
        ports: [
          { name: 'a', port: 1 },
          { name: 'b', port: 1, protocol: 'TCP' },
        ],
      },
      /offer the same port/,
    ],
    [
      'no port that can be probed',
      { ports: [{ port: 53, protocol: 'UDP' }] },
      /set engine.port to a TCP port/,
    ],
    [
      'too many zones',
      { placement: { zones: { minZones: 9 } } },
      /raise replicas or lower minZones/,
    ],
    ['negative replicas', { replicas: -1 }, /greater than or equal to 0/],
    ['a hook without a slash', { engine: { type: 'TCP', promote: { path: 'x' } } }, /promote.path/],
    [
      'a program in a container that there is not',
      { engine: { type: 'HTTP', container: 'other' } },
      /engine.container names no container of spec.template; write the name/,
    ],
    ['a template without containers', { template: { spec: {} } }, /containers/],
    [
      'a misspelt field',
      { failover: { automatik: true } },
      /unknown field "spec.failover.automatik"/,
    ],
  ])('%s', async (_, spec, words) => {
    await expect(kubectl(['apply', '-f', '-'], resource('wrong', spec))).rejects.toThrow(words);
  });
});

describe('a change with which members could not go on together is refused', () => {
  const exec = { type: 'Exec', exec: { status: ['status'] } };
  const redis = (engine: object, replicas = 3) => ({
    ...{ topology: 'LeaderFollower', replicas },
    engine: { type: 'Redis', ...engine },
  });
  const postgres = (engine: object) => redis({ type: 'Postgres', ...engine });
  const tls = { tls: { secretName: 'certificates' } };
  const password = { passwordSecret: { name: 'password' } };
  it.each<[string, object, object, RegExp]>([
    ['to', {}, { topology: 'LeaderFollower' }, /topology cannot be changed to or from/],
    ['from', { topology: 'LeaderFollower' }, {}, /topology cannot be changed to or from/],
    ['engine', {}, { engine: exec }, /engine.type cannot be changed to or from/],
    ['tls', redis({}), redis(tls), /engine.tls cannot be added or removed while/],
    ['no-tls', redis(tls), redis({}), /engine.tls cannot be added or removed while/],
    ['password', redis({}), redis(password), /engine.passwordSecret of Redis cannot be added/],
    [
      'no-password',
      postgres(password),
      postgres({}),
      /engine.passwordSecret of Postgres cannot be removed/,
    ],
  ])('%s', async (name, before, after, words) => {
    const topology = 'ActivePassive';
    await kubectl(['apply', '-f', '-'], resource(`kept-${name}`, { topology, ...before }));
    const changed = kubectl(['apply', '-f', '-'], resource(`kept-${name}`, { topology, ...after }));
    await expect(changed).rejects.toThrow(words);
  });

  it('and a container of the template can be named, also one that is not the first', async () => {
    const containers = [{ name: 'proxy' }, ...template.spec.containers];
    const engine = { type: 'HTTP', container: 'web' };
    const spec = { engine, template: { spec: { containers } } };
    await kubectl(['apply', '-f', '-'], resource('named-container', spec));
  });

  it('but not while no member runs', async () => {
    for (const spec of [redis({}), redis({}, 0), redis({ ...tls, ...password })]) {
      await kubectl(['apply', '-f', '-'], resource('renewed', spec));
    }
    // No member of a Postgres has data before that.
    for (const spec of [postgres({}), postgres(password)]) {
      await kubectl(['apply', '-f', '-'], resource('with-password', spec));
    }
  });

  it('also as long as the pods of a service that is being stopped are there', async () => {
    for (const spec of [redis({}), redis({}, 0)]) {
      await kubectl(['apply', '-f', '-'], resource('stopping', spec));
    }
    const count = (replicas: number) =>
      kubectl([
        ...['patch', 'haservice', 'stopping', '--subresource=status', '--type=merge'],
        ...['-p', JSON.stringify({ status: { replicas } })],
      ]);
    await count(3);
    const changed = kubectl(['apply', '-f', '-'], resource('stopping', redis(tls, 0)));
    await expect(changed).rejects.toThrow(/write replicas: 0, wait until status.replicas is 0/);
    await count(0);
    await kubectl(['apply', '-f', '-'], resource('stopping', redis(tls)));
  });

  it('and no other change of the topology', async () => {
    await kubectl(['apply', '-f', '-'], resource('active', {}));
    await kubectl(['apply', '-f', '-'], resource('active', { topology: 'ActiveActive' }));
  });
});
