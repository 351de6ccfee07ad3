import { valueAt, withValue } from './path.ts';

/** What else must be in a spec so that a field has an effect, and so that the rules between fields let it be. */
interface Companion {
  /** The field, with all that is in it. */
  field: string;
  /** @param name of the service */
  change: (spec: unknown, name: string) => unknown;
}

const set =
  (path: string, value: unknown) =>
  (spec: unknown): unknown =>
    withValue(spec, path, value);

/** Only if the spec has no such part. */
const given =
  (path: string, value: unknown) =>
  (spec: unknown): unknown =>
    valueAt(spec, path) === undefined ? withValue(spec, path, value) : spec;

const isWebsite = (spec: unknown) => valueAt(spec, 'spec.engine.type') === 'HTTP';

/** Without them no experiment begins in the middle of a mutation. */
const suspended = given('spec.chaos', { suspend: true });

const roles = ['write', 'read', 'all'];

const companions: Companion[] = [
  ...roles.flatMap((role): Companion[] => [
    {
      field: `spec.services.${role}.externalTrafficPolicy`,
      change: set(`spec.services.${role}.type`, 'NodePort'),
    },
    {
      field: `spec.services.${role}.sessionAffinityTimeout`,
      change: set(`spec.services.${role}.sessionAffinity`, 'ClientIP'),
    },
    {
      field: `spec.services.${role}.loadBalancerSourceRanges`,
      change: set(`spec.services.${role}.type`, 'LoadBalancer'),
    },
  ]),
  {
    field: 'spec.engine.tcp',
    change: (spec) => {
      if (!isWebsite(spec)) return spec;
      const hooked = ['promote', 'demote'].reduce((changed, hook) => {
        const path = `spec.engine.${hook}`;
        return valueAt(spec, path) === undefined
          ? changed
          : withValue(changed, `${path}.port`, 8080);
      }, spec);
      const rest = withValue(
        withValue(hooked, 'spec.engine.http', undefined),
        'spec.engine.type',
        'TCP',
      );
      return withValue(withValue(rest, 'spec.engine.port', 9090), 'spec.engine.tcp', {
        send: 'PING\n',
        expect: 'PONG',
      });
    },
  },
  {
    field: 'spec.failover.leaseDuration',
    change: (spec) =>
      valueAt(spec, 'spec.topology') === 'ActivePassive'
        ? withValue(spec, 'spec.failover.consistency', 'Strong')
        : spec,
  },
  { field: 'spec.chaos', change: suspended },
  {
    field: 'spec.chaos.blackouts[]',
    change: set('spec.chaos.blackouts', [{ from: '22:00', to: '06:00' }]),
  },
  {
    field: 'spec.chaos.steadyState',
    change: (spec, name) =>
      withValue(spec, 'spec.chaos.steadyState', { service: name, port: portOf(spec) }),
  },
  {
    field: 'spec.volumeClaimTemplates[]',
    change: given('spec.volumeClaimTemplates', [claimTemplate('scratch')]),
  },
];

/** A volume that every cluster with a default StorageClass can make. */
export function claimTemplate(name: string) {
  return {
    metadata: { name },
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
  };
}

const portOf = (spec: unknown) => valueAt(spec, 'spec.ports[].port');

/** The spec in which a field is mutated. */
export function contextOf(spec: unknown, field: string, name: string): unknown {
  return companions
    .filter((companion) => field === companion.field || isBelow(field, companion.field))
    .reduce((changed, { change }) => change(changed, name), spec);
}

const isBelow = (field: string, parent: string) =>
  ['.', '[', '{'].some((next) => field.startsWith(parent + next));
