import { describe, expect, it } from 'vitest';
import { specSchema } from '../../../src/api/spec.ts';
import type { EndpointSlice, Pod, Service } from '../../../src/kube/api-types.ts';
import { subjects } from '../subjects.ts';
import { withValue } from '../generate/path.ts';
import { differences, snapshotOf } from './snapshot.ts';
import type { Seen } from './seen.ts';
import { whatIsWrong } from './what-is-wrong.ts';

const names = ['web-0', 'web-1', 'web-2'];
const ipOf = (name: string) => `10.0.0.${name.slice(-1)}`;
const labels = { 'haservice.dev/name': 'web' };

/** The website of the subjects, as it is if all is well. The primary is web-1. */
function seen(spec: unknown = subjects.web().service.spec): Seen {
  const parsed = specSchema.parse(spec);
  const template = parsed.template.spec;
  const members = names.map((pod) => ({
    ...{ pod, uid: pod, role: pod === 'web-1' ? 'primary' : 'standby', health: 'Healthy' },
  }));
  const condition = (type: string, status: string, reason: string) => ({
    ...{ type, status, reason, message: '', lastTransitionTime: '' },
  });
  const pods = names.map((name, i) => ({
    metadata: {
      ...{ name, uid: name },
      labels: { ...labels, 'haservice.dev/role': name === 'web-1' ? 'primary' : 'standby' },
    },
    spec: {
      ...template,
      nodeName: `node-${i}`,
      affinity: {
        podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 100 }] },
      },
      topologySpreadConstraints: [
        {
          ...{ maxSkew: 1, topologyKey: 'topology.kubernetes.io/zone' },
          whenUnsatisfiable: 'ScheduleAnyway',
        },
      ],
    },
    status: { podIP: ipOf(name), conditions: [{ type: 'Ready', status: 'True' }] },
  })) as unknown as Pod[];
  const endpoints = {
    ...{ '': ['web-1'], '-read': ['web-0', 'web-2'], '-all': names },
    '-members': names,
  };
  const services = Object.keys(endpoints).map((suffix) => ({
    metadata: { name: `web${suffix}`, labels },
    spec: {
      ...(suffix === '-members' ? { clusterIP: 'None', publishNotReadyAddresses: true } : {}),
      type: 'ClusterIP',
      sessionAffinity: 'None',
      ports: [{ port: 80, protocol: 'TCP', targetPort: 8080 }],
    },
  })) as Service[];
  const claims = names.flatMap((name) =>
    parsed.volumeClaimTemplates.map(({ metadata }) => ({
      metadata: { name: `${metadata.name}-${name}`, labels },
    })),
  );
  const slices = Object.entries(endpoints).map(([suffix, behind]) => ({
    metadata: {
      name: `web${suffix}`,
      labels: { ...labels, 'kubernetes.io/service-name': `web${suffix}` },
    },
    addressType: 'IPv4',
    ports: [{ name: '', port: 8080, protocol: 'TCP' }],
    endpoints: behind.map((name) => ({
      addresses: [ipOf(name)],
      conditions: { ready: true },
      ...(suffix === '-members' ? { hostname: name } : {}),
      targetRef: { kind: 'Pod', name },
    })),
  })) as EndpointSlice[];
  return {
    resource: {
      metadata: { name: 'web', namespace: 'n', uid: 'u', resourceVersion: '1', generation: 2 },
      spec: parsed,
      status: {
        ...{ observedGeneration: 2, phase: 'Healthy', primary: 'web-1', consistency: 'Eventual' },
        ...{ replicas: 3, readyReplicas: 3, ready: '3/3', members },
        conditions: [
          condition('Ready', 'True', 'PrimaryReady'),
          condition('Progressing', 'False', 'Stable'),
          condition('Degraded', 'False', 'AllHealthy'),
          condition('FailoverBlocked', 'False', 'NotNeeded'),
        ],
      } as Seen['resource']['status'] & object,
    },
    ...{ pods, services, slices },
    budgets: [{ metadata: { name: 'web', labels }, spec: { minAvailable: 2 } }],
    claims,
    zones: new Map(names.map((_, i) => [`node-${i}`, `zone-${i}`])),
  };
}

/** A copy with this value at a path such as `pods[].spec.nodeName`, which is of the first entry. */
const withOther = (path: string, value: unknown, base = seen()) =>
  withValue(base, `seen.${path}`, value) as Seen;

/** The same with a volume for each member. */
const stored = (more: object = {}) => {
  const base = subjects.web().service.spec as object;
  const all = seen({ ...base, ...more, volumeClaimTemplates: [claim()] });
  const pods = all.pods.map((pod) => {
    const persistentVolumeClaim = { claimName: `data-${pod.metadata?.name}` };
    const volumes = [{ name: 'data', persistentVolumeClaim }];
    return { ...pod, spec: { ...pod.spec, volumes } } as Pod;
  });
  return { ...all, pods };
};

describe('the oracle', () => {
  it('finds nothing wrong with what is as the resource says', () => {
    expect(whatIsWrong(seen())).toEqual([]);
  });

  it.each<[string, string, unknown, RegExp]>([
    ['an old status', 'resource.metadata.generation', 3, /observedGeneration is 2/],
    ['a condition', 'resource.status.conditions[].status', 'False', /Ready is False: PrimaryReady/],
    ['a phase', 'resource.status.phase', 'Degraded', /phase is Degraded, not Healthy/],
    ['another consistency', 'resource.status.consistency', 'Strong', /consistency: Strong/],
    ['a missing pod', 'pods[]', undefined, /there are 2 pods, not 3/],
    ['a pod that is not ready', 'pods[].status.conditions', [], /not ready: web-0/],
    [
      'an old image',
      'pods[].spec.containers[].image',
      'old',
      /web-0: .*image should be .*is "old"/,
    ],
    ['a lost label', 'resource.spec.template.metadata', lost(), /metadata.labels.a should be "b"/],
    ['two members in one zone', 'pods[].spec.nodeName', 'node-1', /the zones have/],
    ['an old constraint', 'pods[].spec.topologySpreadConstraints', [], /topologySpreadConstraints/],
    ['anti-affinity', 'pods[].spec.affinity', {}, /placement.nodes is Preferred/],
    ['a missing Service', 'services[]', undefined, /there is no Service web/],
    ['a type', 'services[].spec.type', 'NodePort', /Service web: type should be "ClusterIP"/],
    ['a port', 'services[].spec.ports[].port', 81, /Service web: ports/],
    [
      'a name of a port',
      'services[].spec.ports[].name',
      'x',
      /Service web: .*the names 'x', not ''/,
    ],
    ['a name in a slice', 'slices[].ports[].name', 'x', /Service web: .*the names 'x', not ''/],
    ['a node port', 'services[].spec.ports[].nodePort', 30_000, /a node port is left/],
    ['an endpoint', 'slices[].endpoints[].addresses', ['10.9.9.9'], /leads to 10.9.9.9, not/],
    ['a port of a slice', 'slices[].ports[].port', 81, /Service web: ports/],
    ['a budget', 'budgets[].spec.minAvailable', 3, /minAvailable 3/],
    ['no budget', 'budgets', [], /no disruption budget/],
    ['a volume', 'resource.spec.volumeClaimTemplates', [claim()], /there is no claim data-web-0/],
  ])('finds %s', (_, path, value, words) => {
    const wrong = whatIsWrong(withOther(path, value)).join('; ');
    expect(wrong).toMatch(words);
  });

  it('finds a member without a name in the DNS, and a missing Service of these names', () => {
    const [members, ...others] = seen().services.toReversed();
    const without = whatIsWrong({ ...seen(), services: others });
    expect(without).toEqual(['there is no Service web-members']);
    const [last, ...slices] = seen().slices.toReversed();
    const nameless = {
      ...last!,
      endpoints: last?.endpoints?.map((each) => ({ ...each, hostname: 'x' })),
    };
    const wrong = whatIsWrong({ ...seen(), slices: [nameless as EndpointSlice, ...slices] });
    expect(wrong.join()).toMatch(
      /Service web-members: its endpoints have the names x,x,x, not web-0/,
    );
    const headed = { ...members!, spec: { ...members?.spec, clusterIP: '10.1.1.1' } } as Service;
    expect(whatIsWrong({ ...seen(), services: [...others, headed] }).join()).toMatch(/clusterIP/);
  });

  it('finds claims that are deleted with the service against its word, or kept', () => {
    const policy = { volumeClaimRetentionPolicy: { whenDeleted: 'Delete' } };
    expect(whatIsWrong(stored())).toEqual([]);
    expect(whatIsWrong(stored(policy)).join()).toMatch(
      /claim data-web-0 would stay when the HAService is deleted/,
    );
    const owned = withOther('claims[].metadata.ownerReferences', [{ uid: 'u' }], stored());
    expect(whatIsWrong(owned)).toEqual(['claim data-web-0 would be deleted with the HAService']);
  });

  it('finds a primary that may not lead, if another member may', () => {
    const wrong = (neverPrimary: object) =>
      whatIsWrong(seen({ ...(subjects.web().service.spec as object), failover: { neverPrimary } }));
    expect(wrong({ ordinals: [0] })).toEqual([]);
    expect(wrong({ ordinals: [1] })).toEqual(['web-1 leads, and failover.neverPrimary names it']);
    expect(wrong({ zones: ['zone-1'] })).toHaveLength(1);
    expect(wrong({ zones: ['zone-0', 'zone-1', 'zone-2'] })).toEqual([]);
  });

  it('finds a label that nobody inherits, and one that is left', () => {
    const base = seen();
    const metadata = { ...base.resource.metadata, labels: { team: 'blue' } };
    const resource = { ...base.resource, metadata };
    expect(whatIsWrong({ ...base, resource })).toEqual([]);
    const spec = withValue(resource.spec, 'spec.inherit', { labels: ['team'] });
    const wrong = whatIsWrong({ ...base, resource: { ...resource, spec } });
    expect(wrong.join()).toMatch(/web-0 has labels.team absent, not blue/);
    const ofClaims = whatIsWrong({
      ...stored({ inherit: { labels: ['team'] } }),
      ...{ resource: { ...stored({ inherit: { labels: ['team'] } }).resource, metadata } },
    });
    expect(ofClaims.join()).toMatch(/data-web-0 has labels.team absent, not blue/);
  });
});

describe('a snapshot', () => {
  it('is the same if another member leads, and pods have other names, nodes and UIDs', () => {
    const text = JSON.stringify({ ...seen(), zones: {} });
    const other = JSON.parse(
      text.replaceAll('web-1', 'web-x').replaceAll('web-0', 'web-1').replaceAll('web-x', 'web-0'),
    ) as Seen;
    expect(differences(snapshotOf(seen()), snapshotOf(other))).toEqual([]);
  });

  it.each<[string, unknown, RegExp]>([
    ['pods[].spec.containers[].image', 'old', /^pods: was/],
    ['services[].spec.sessionAffinity', 'ClientIP', /^Service web: was/],
    ['slices[].metadata.name', 'web-more', /EndpointSlice web-more is new/],
    ['resource.status.phase', 'Degraded', /^status: was .*Healthy.* is .*Degraded/],
    ['budgets[].spec.minAvailable', 1, /^PodDisruptionBudget web: was/],
  ])('differs by %s', (path, value, words) => {
    const found = differences(snapshotOf(seen()), snapshotOf(withOther(path, value)));
    expect(found.join('\n')).toMatch(words);
  });

  it('differs by the labels and the owners of a claim', () => {
    const found = (path: string, value: unknown) =>
      differences(snapshotOf(stored()), snapshotOf(withOther(path, value, stored()))).join();
    expect(found('claims[].metadata.labels', { a: 'b' })).toMatch(/^claims: was/);
    expect(found('claims[].metadata.ownerReferences', [{ uid: 'u' }])).toMatch(/^claims: was/);
  });
});

function lost() {
  return { labels: { a: 'b' } };
}

function claim() {
  return { metadata: { name: 'data' }, spec: {} };
}
