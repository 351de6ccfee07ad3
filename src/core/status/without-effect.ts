import { failoverSchema, heartbeatSchema } from '../../api/failover-spec.ts';
import type { Spec } from '../../api/spec.ts';
import { needsLease, speaksProtocol, usesAgent } from '../model/capabilities.ts';
import { isActive } from '../model/topology.ts';

interface Row {
  /** Whether such fields do something with this spec. */
  isUsed: (spec: Spec) => boolean;
  /** The ones that the user has set, by their paths. */
  set: (spec: Spec) => string[];
  /** When they do nothing, in a clause. */
  when: string;
  instead: string;
}

const defaults = { failover: failoverSchema.parse({}), heartbeat: heartbeatSchema.parse({}) };

/** The fields that are there, of those without a default. */
const present = (of: Record<string, unknown>): string[] =>
  Object.keys(of).filter((path) => of[path] !== undefined);

const hooks = ({ engine: { promote, demote } }: Spec): string[] =>
  present({ 'engine.promote': promote, 'engine.demote': demote });

/** The fields with another value than the default, which is all that is known of a field that has one. */
const changed =
  (...names: Exclude<keyof Spec['failover'], 'neverPrimary'>[]) =>
  ({ failover }: Spec): string[] =>
    names
      .filter((name) => failover[name] !== defaults.failover[name])
      .map((name) => `failover.${name}`);

const ofFailover = changed(
  ...(['consistency', 'automatic', 'delay', 'minInterval'] as const),
  ...(['maxLag', 'onNoCandidate', 'leaseDuration'] as const),
);

const isStrong = ({ failover }: Spec) => failover.consistency === 'Strong';

/**
 * Fields that are allowed and do nothing beside the others of the spec. A rule of the CRD would refuse them, but also the status and every
 * other edit of a service that is stored with them already; and who goes from Strong to Eventual and back need not write them twice.
 */
const rows: Row[] = [
  {
    isUsed: usesAgent,
    set: ({ agent, engine: { container, agentPort, dataDir, passwordSecret } }) =>
      present({
        agent,
        'engine.container': container,
        'engine.agentPort': agentPort,
        'engine.dataDir': dataDir,
        'engine.passwordSecret': passwordSecret,
      }),
    when: 'without an agent in the pods',
    instead:
      ', or write engine.type: Exec, Redis or Postgres, or topology: ActivePassive with failover.consistency: Strong',
  },
  {
    isUsed: ({ volumeClaimTemplates }) => volumeClaimTemplates.length > 0,
    set: ({ volumeClaimRetentionPolicy }) => present({ volumeClaimRetentionPolicy }),
    when: 'without volumeClaimTemplates',
    instead: ', or write volumeClaimTemplates',
  },
  {
    isUsed: ({ topology }) => topology !== 'LeaderFollower',
    set: hooks,
    when: 'with topology: LeaderFollower, as members get orders',
    instead: ', or write topology: ActivePassive',
  },
  {
    isUsed: (spec) => !isActive({ spec }),
    // In one line: each of them for the same reason.
    set: (spec) => [...hooks(spec), ...ofFailover(spec)],
    when: 'with topology: ActiveActive, as there is no primary: several members take writes at once',
    instead: ', or write topology: ActivePassive',
  },
  {
    isUsed: (spec) => needsLease(spec) || isActive({ spec }),
    set: changed('leaseDuration'),
    when: 'without a lease, which only Strong has, and Redis, Postgres and programs with a quorum of their own never',
    instead: '',
  },
  {
    // The steady state of experiments asks for the lag, too.
    isUsed: (spec) =>
      isActive({ spec }) || spec.chaos !== undefined || (speaksProtocol(spec) && !isStrong(spec)),
    set: changed('maxLag'),
    when: 'with Strong, which allows no lag, and if members do not report their position',
    instead: '',
  },
  {
    isUsed: ({ heartbeat }) => heartbeat.detector === 'PhiAccrual',
    set: ({ heartbeat }) =>
      heartbeat.phiThreshold === defaults.heartbeat.phiThreshold ? [] : ['heartbeat.phiThreshold'],
    when: 'with heartbeat.detector: Deadline',
    instead: ', or write detector: PhiAccrual',
  },
];

/** What a spec says that does nothing; each with what to write. */
export const withoutEffect = (spec: Spec): string[] =>
  rows.flatMap(({ isUsed, set, when, instead }) => {
    const fields = isUsed(spec) ? [] : set(spec);
    if (fields.length === 0) return [];
    const [verb, them] = fields.length === 1 ? ['does', 'it'] : ['do', 'them'];
    return [`${fields.join(', ')} ${verb} nothing ${when}. Remove ${them}${instead}`];
  });
