import { claimTemplate } from './context.ts';
import { mapKey, valueAt, withValue } from './path.ts';
import type { Value } from './values.ts';

const good = (what: string, value: unknown): Value => ({ value, what, fits: true });

/**
 * Values of fields whose meaning the schema does not have: names of other things, and parts that Kubernetes itself describes.
 * The generated values of such a field are mostly names of nothing, which the operator must tell.
 *
 * @param spec in which the field is mutated
 */
export function knownValues(field: string, spec: unknown): Value[] {
  const [, role = '', name = ''] = /^spec\.services\.(\w+)\.(.*)$/.exec(field) ?? [];
  if (role !== '') return ofService[name] ?? [];
  return known[field]?.(spec) ?? [];
}

const ofService: Record<string, Value[]> = {
  loadBalancerSourceRanges: [
    good('a range', ['10.0.0.0/8']),
    good('two ranges', ['10.0.0.0/8', '192.168.0.0/16']),
  ],
  labels: [good('two labels', { team: 'green', 'example.com/cost-center': '7' })],
};

const containers = (change: (container: Record<string, unknown>) => object) => (spec: unknown) => {
  const [first = {}, ...rest] = valueAt(spec, 'spec.template.spec.containers') as Record<
    string,
    unknown
  >[];
  return [change(first), ...rest];
};

const known: Record<string, (spec: unknown) => Value[]> = {
  'spec.replicas': () => [good('fewer', 2), good('more', 4)],
  'spec.ports': (spec) => {
    const [first] = valueAt(spec, 'spec.ports') as object[];
    const one = { targetPort: valueAt(spec, 'spec.ports[].port'), ...first };
    const named = (count: number) =>
      Array.from({ length: count }, (_, i) => {
        return i === 0 ? { ...one, name: 'main' } : { ...one, name: `p${i}`, port: 20_000 + i };
      });
    return [good('two', named(2)), good('full, with names', named(20))];
  },
  'spec.ports[].targetPort': (spec) =>
    valueAt(spec, 'spec.template.spec.containers[].ports') === undefined
      ? []
      : [good('the name of a container port', 'http')],
  'spec.template.metadata': () => [
    good('labels and annotations', {
      labels: { [mapKey]: 'green' },
      annotations: { 'example.com/note': 'mutated' },
    }),
  ],
  'spec.template.spec': (spec) => {
    const now = valueAt(spec, 'spec.template.spec');
    return [
      good('another grace period', withValue(now, 'spec.terminationGracePeriodSeconds', 3)),
      good('tolerations', withValue(now, 'spec.tolerations', [{ key: 'x', operator: 'Exists' }])),
      good('a misspelt field', withValue(now, 'spec.tolerationz', [])),
    ];
  },
  'spec.template.spec.containers': (spec) => [
    good(
      'another environment',
      containers((first) => ({
        ...first,
        env: [...((first['env'] ?? []) as object[]), { name: 'MUTATED', value: 'true' }],
      }))(spec),
    ),
    good(
      'an image that cannot be pulled',
      containers((first) => ({ ...first, image: 'registry.invalid/nothing:1' }))(spec),
    ),
    good('an image without a name', containers((first) => ({ ...first, image: '' }))(spec)),
    good(
      'resources',
      containers((first) => ({
        ...first,
        resources: { requests: { cpu: '20m', memory: '64Mi' } },
      }))(spec),
    ),
    good(
      'more memory than a node has',
      containers((first) => ({ ...first, resources: { requests: { memory: '64Ti' } } }))(spec),
    ),
  ],
  'spec.agent.resources.requests': () => [
    good('some', { cpu: '20m', memory: '128Mi' }),
    good('no quantity', { cpu: 'many' }),
  ],
  'spec.agent.resources.limits': () => [good('some', { cpu: '1', memory: '256Mi' })],
  'spec.volumeClaimTemplates': (spec) => {
    const now = valueAt(spec, 'spec.volumeClaimTemplates');
    const had = Array.isArray(now) ? (now as object[]) : [];
    return [good('one more', [...had, claimTemplate('more')])];
  },
  'spec.inherit.labels': () => [good('a label that there is', ['team'])],
  'spec.inherit.annotations': () => [good('an annotation that there is', ['example.com/owner'])],
  'spec.engine.container': (spec) => [
    good('the container', valueAt(spec, 'spec.template.spec.containers[].name')),
  ],
  'spec.engine.port': (spec) => [
    good(
      'the port of the program',
      valueAt(spec, 'spec.ports[].targetPort') ?? valueAt(spec, 'spec.ports[].port'),
    ),
  ],
  'spec.engine.http.path': () => [good('another page', '/whoami')],
  'spec.engine.http.host': () => [good('a name', 'web.example.com')],
  'spec.placement.zones.topologyKey': () => [good('the node', 'kubernetes.io/hostname')],
  'spec.placement.zones.minZones': () => [good('as many as there are', 3)],
  'spec.heartbeat.interval': () => [good('fast', '100ms'), good('slow', '1s')],
  'spec.heartbeat.timeout': () => [good('short', '600ms'), good('long', '10s')],
  'spec.failover.leaseDuration': () => [good('usual', '8s')],
  'spec.failover.neverPrimary.zones': () => [
    good('a zone', ['zone-a']),
    good('all zones', ['zone-a', 'zone-b', 'zone-c']),
  ],
  'spec.chaos.schedule': () => [good('each Monday', '0 3 * * 1'), good('never', '0 0 30 2 *')],
  'spec.chaos.meanTimeBetween': () => [good('a day', '24h')],
  'spec.chaos.timeZone': () => [good('a zone', 'Europe/Berlin')],
  'spec.chaos.blackouts': () => [
    good('days and nights', [
      { from: '2026-12-24', to: '2027-01-02' },
      { from: '22:00', to: '06:00' },
    ]),
  ],
};
