import type { Spec } from '../../../src/api/spec.ts';
import type { Condition } from '../../../src/api/status.ts';
import type { Seen } from './seen.ts';

/** What is wrong with the status. */
export function wrongStatus({ resource }: Seen, spec: Spec): string[] {
  const { status = {}, metadata } = resource;
  if (status.observedGeneration !== metadata.generation) {
    return [
      `status.observedGeneration is ${status.observedGeneration ?? 'absent'}, metadata.generation ${metadata.generation ?? 0}`,
    ];
  }
  const conditions = new Map((status.conditions ?? []).map((each) => [each.type, each]));
  const isStopped = spec.replicas === 0;
  const [phase, ready] = spec.paused
    ? ['Paused', undefined]
    : isStopped
      ? ['Stopped', 'False']
      : ['Healthy', 'True'];
  const wanted: [string, string | undefined][] = [
    ['Ready', ready],
    ['Degraded', spec.paused ? undefined : 'False'],
    ['Progressing', 'False'],
    ['FailoverBlocked', spec.paused ? undefined : 'False'],
  ];
  const wrong = wanted
    .filter(([type, is]) => is !== undefined && conditions.get(type)?.status !== is)
    .map(([type]) => inWords(type, conditions.get(type)));
  if (status.phase !== phase) {
    wrong.push(`status.phase is ${status.phase ?? 'absent'}, not ${phase ?? ''}`);
  }
  return [
    ...wrong,
    ...wrongChaos(spec, conditions.get('ChaosReady')),
    ...wrongCounts(status, spec),
  ];
}

const inWords = (type: string, condition: Condition | undefined): string =>
  condition === undefined
    ? `there is no condition ${type}`
    : `${type} is ${condition.status}: ${condition.reason}: ${condition.message}`;

function wrongChaos({ chaos }: Spec, condition: Condition | undefined): string[] {
  if (chaos === undefined) {
    return condition === undefined ? [] : ['ChaosReady is there without spec.chaos'];
  }
  const isFine =
    condition?.status === 'True' || (chaos.suspend && condition?.reason === 'Suspended');
  return isFine ? [] : [inWords('ChaosReady', condition)];
}

function wrongCounts(status: NonNullable<Seen['resource']['status']>, spec: Spec): string[] {
  if (spec.paused) return [];
  const { replicas } = spec;
  const { members = [] } = status;
  const isActive = spec.topology === 'ActiveActive';
  const counts: [string, unknown, unknown][] = [
    ['replicas', status.replicas, replicas],
    ['readyReplicas', status.readyReplicas, replicas],
    ['ready', status.ready, `${replicas}/${replicas}`],
    ['members', members.length, replicas],
    [
      'members with the role primary',
      members.filter(({ role }) => role === 'primary').length,
      isActive || replicas === 0 ? 0 : 1,
    ],
    [
      'consistency',
      status.consistency ?? spec.failover.consistency,
      isActive || replicas === 0
        ? (status.consistency ?? spec.failover.consistency)
        : spec.failover.consistency,
    ],
  ];
  const unhealthy = members
    .filter(({ health }) => health !== 'Healthy')
    .map(({ pod, health, message }) => `${pod} is ${health}: ${message ?? ''}`);
  return [
    ...counts
      .filter(([, is, should]) => is !== should)
      .map(([name, is, should]) => `status.${name}: ${String(is)}, not ${String(should)}`),
    ...unhealthy,
  ];
}
