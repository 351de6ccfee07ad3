import { describe, expect, it } from 'vitest';
import type { HAService } from '../../../src/api/haservice.ts';
import { specFields } from '../../../scripts/fields.ts';
import type { Mutation } from '../generate/plan.ts';
import type { Attempt } from './attempt.ts';
import { isAtOnce, mayInterrupt } from './effects.ts';
import { wrongRefusal } from './refusal.ts';
import { reportOf } from './report.ts';
import { longestGapMs } from './requests.ts';
import { Telling, toldBy } from './told.ts';

const resource = (type: string, status: string, reason: string, observedGeneration = 2) =>
  ({
    metadata: { generation: 2 },
    status: { observedGeneration, conditions: [{ type, status, reason, message: 'why' }] },
  }) as unknown as HAService;

describe('what the operator tells', () => {
  it('is a reason of this generation that explains something', () => {
    expect(toldBy(resource('Degraded', 'True', 'NotHeard'))).toBe('Degraded NotHeard: why');
    expect(toldBy(resource('ChaosReady', 'False', 'ScheduleInvalid'))).toMatch(/ScheduleInvalid/);
    expect(toldBy(resource('Degraded', 'True', 'NotHeard', 1))).toBeUndefined();
    expect(toldBy(resource('Degraded', 'False', 'AllHealthy'))).toBeUndefined();
    expect(toldBy(resource('Degraded', 'True', 'MembersMissing'))).toBeUndefined();
    // No value of a user is the cause.
    for (const reason of ['StatusRefused', 'WriteNotKept', 'RivalLeads']) {
      expect(toldBy(resource('Degraded', 'True', reason))).toBeUndefined();
    }
  });

  it('counts when it has stayed, and no pod has changed', () => {
    const telling = new Telling(1_000);
    const bad = resource('Degraded', 'True', 'NotHeard');
    expect(telling.look(bad, ['a', 'b'], 0)).toBeUndefined();
    expect(telling.look(bad, ['b', 'a'], 900)).toBeUndefined();
    expect(telling.look(bad, ['a', 'c'], 1_000)).toBeUndefined();
    expect(telling.look(bad, ['a', 'c'], 2_000)).toBe('Degraded NotHeard: why');
  });
});

describe('a refusal', () => {
  const refusal = (expected: Mutation['expected'], message: string, status = 422) =>
    wrongRefusal({ field: 'spec.heartbeat.timeout', expected }, status, message);

  it('of an invalid value names the field, or what to write', () => {
    expect(refusal('refused', 'spec.heartbeat.timeout: Too long: may not be more')).toEqual([]);
    expect(refusal('refused', 'a duration has a unit; write 2s')).toEqual([]);
    expect(refusal('refused', 'no')).toEqual(['the refusal does not name the field: no']);
  });

  it('of a valid value is by a rule', () => {
    const rule = 'heartbeat.timeout must be longer than heartbeat.interval; write for example';
    expect(
      refusal('mayApply', `spec.heartbeat: Invalid value: ${rule} interval: 500ms and timeout: 2s`),
    ).toEqual([]);
    expect(refusal('mayApply', 'spec.heartbeat.timeout: Invalid value')).toEqual([
      'a valid value was refused: spec.heartbeat.timeout: Invalid value',
    ]);
    expect(refusal('refused', 'timeout', 500)).toEqual(['the API server failed: timeout']);
  });
});

it('the longest time without an answer counts the beginning and the end', () => {
  const at = (endedAt: number, ok = true) => ({
    ...{ connection: 'new' as const, sentAt: endedAt, endedAt, ok },
  });
  expect(longestGapMs([at(100), at(200, false), at(300)], 0, 350)).toBe(200);
  expect(longestGapMs([at(100)], 0, 900)).toBe(800);
  expect(longestGapMs([], 0, 900)).toBe(900);
});

it('a field says by its name whether pods are replaced, and whether clients may notice', () => {
  expect(isAtOnce('spec.chaos.blackouts[].from')).toBe(true);
  expect(isAtOnce('spec.services.write.labels{}')).toBe(true);
  expect(isAtOnce('spec.failover.leaseDuration')).toBe(false);
  expect(mayInterrupt('spec.ports[].port')).toBe(true);
  expect(mayInterrupt('spec.engine.port')).toBe(false);
});

it('each field whose change is said to restart no member is tested for that', () => {
  const missing = specFields()
    .filter(({ isLeaf, change }) => isLeaf && change?.effect !== 'RollingUpdate')
    .map(({ path }) => `spec.${path}`)
    .filter((path) => !isAtOnce(path) && !mayInterrupt(path));
  // They say so: in some cases members are replaced or moved all the same.
  expect(missing).toEqual([
    'spec.volumeClaimTemplates[].spec',
    'spec.placement.zones.minZones',
    'spec.failover.consistency',
  ]);
});

it('a report counts, and has the command that repeats each problem', () => {
  const mutation = { field: 'spec.replicas', value: 5 } as Mutation;
  const done: Attempt = { outcome: 'applied', wrong: [], errors: 2, replaced: 0, tookMs: 1 };
  const attempts: Attempt[] = [
    done,
    { ...done, outcome: 'refused', told: 'no' },
    { ...done, told: 'Degraded NotHeard: why' },
    { ...done, notConverged: 'late', notRestored: 'other', wrong: ['rude'] },
  ];
  const results = attempts.map((attempt) => ({ service: 'web' as const, mutation, attempt }));
  const report = reportOf(results, 7, 9);
  expect(report).toMatchObject({
    ...{ seed: 7, fields: 1, mutations: 4, refused: 1, applied: 3, tried: 0 },
    ...{ notConverged: 1, notRestored: 1, errorsSeenByClient: 9 },
    told: [{ field: 'spec.replicas', value: '5', condition: 'Degraded NotHeard: why' }],
  });
  expect(report.problems.map(({ kind, seen }) => [kind, seen])).toEqual([
    ['notConverged', 'late'],
    ['other', 'rude'],
    ['notRestored', 'other'],
  ]);
  expect(report.problems[0]?.command).toBe(
    "npm run mutate -- --services web --fields 'spec.replicas' --seed 7",
  );
});
