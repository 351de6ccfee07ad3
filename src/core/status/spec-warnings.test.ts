import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { conditionOf } from './events.ts';
import { specWarning } from './spec-warnings.ts';

const redis = { topology: 'LeaderFollower', engine: { type: 'Redis' } };
const strong = { failover: { consistency: 'Strong' } };
const password = { engine: { type: 'Redis', passwordSecret: { name: 'redis' } } };

it.each<[string, object, RegExp[]]>([
  ['nothing', {}, []],
  [
    'Strong without a primary',
    { topology: 'ActiveActive', ...strong },
    [/^failover\.consistency does nothing with topology: ActiveActive, .* Remove it, or/],
  ],
  [
    'a budget for all members',
    { replicas: 2, placement: { disruptionBudget: 5 } },
    [/disruptionBudget is 5 and replicas is 2: .* Write at most 1/],
  ],
  ['a budget of one for one', { replicas: 1 }, []],
  ['Redis without a password', redis, [/passwordSecret is absent: every program/]],
  ['Redis with one', { ...redis, ...password }, []],
  [
    'Strong without volumes',
    { ...redis, ...password, ...strong },
    [/^failover.consistency is Strong and the members have no volumes: .* Write volumeClaimT/],
  ],
  [
    'Strong on a disk of the node',
    {
      ...redis,
      ...password,
      ...strong,
      template: {
        spec: {
          containers: [
            { name: 'redis', image: 'redis', volumeMounts: [{ name: 'disk', mountPath: '/data' }] },
          ],
          volumes: [{ name: 'disk', hostPath: { path: '/var/redis' } }],
        },
      },
    },
    [],
  ],
  ['Strong alone', { ...redis, ...password, ...strong, replicas: 1 }, [/lost with the volume/]],
  [
    'a zone and a number of nobody that must never lead',
    { failover: { neverPrimary: { zones: ['b', 'backup-sit'], ordinals: [1, 3] } } },
    [/zones names backup-sit, .* The zones are: a, b, c/, /ordinals names 3, .* from 0 to 2/],
  ],
  ['members that must never lead', { failover: { neverPrimary: { zones: ['b'] } } }, []],
  ['a lease alone', { ...strong, replicas: 1 }, [/no member can take over. Write replicas: 2/]],
  [
    'fields of an agent without one',
    { agent: {}, engine: { type: 'HTTP', dataDir: '/data', agentPort: 9 } },
    [/^agent, engine\.agentPort, engine\.dataDir do nothing without an agent .* Remove them, or/],
  ],
  ['the fields of an agent with one', { agent: {}, ...strong }, []],
  ['the fields of the agent of a database', { agent: {}, ...redis, ...password }, []],
  [
    'a retention policy without claims',
    { volumeClaimRetentionPolicy: { whenDeleted: 'Delete' } },
    [/^volumeClaimRetentionPolicy does nothing without volumeClaimTemplates\. Remove it, or/],
  ],
  [
    'hooks without a standby',
    { topology: 'ActiveActive', engine: { type: 'HTTP', promote: { path: '/up' } } },
    [/^engine\.promote does nothing with topology: ActiveActive/],
  ],
  [
    'hooks for members that get orders',
    { topology: 'LeaderFollower', engine: { type: 'HTTP', promote: { path: '/up' } } },
    [/^engine\.promote does nothing with topology: LeaderFollower/],
  ],
  ['hooks', { engine: { type: 'HTTP', promote: { path: '/up' } } }, []],
  [
    'rules of failovers without a primary',
    { topology: 'ActiveActive', failover: { automatic: false, delay: '3s', maxLag: '2Mi' } },
    [/^failover\.automatic, failover\.delay, failover\.maxLag do nothing with topology/],
  ],
  [
    'a lease that nobody has',
    { failover: { leaseDuration: '20s' } },
    [/^failover\.leaseDuration does nothing without a lease/],
  ],
  ['a lease', { failover: { consistency: 'Strong', leaseDuration: '20s' } }, []],
  [
    'a lag that is not known',
    { failover: { maxLag: '2Mi' } },
    [/^failover\.maxLag does nothing with Strong, .* Remove it$/],
  ],
  ['a lag', { ...redis, ...password, failover: { maxLag: '2Mi' } }, []],
  [
    'a suspicion that is not asked for',
    { heartbeat: { phiThreshold: 9 } },
    [/^heartbeat\.phiThreshold does nothing with heartbeat\.detector: Deadline/],
  ],
  ['a suspicion', { heartbeat: { detector: 'PhiAccrual', phiThreshold: 9 } }, []],
])('warns of %s', (_what, spec, words) => {
  const [condition] = specWarning(makeResource(spec), makeObserved([]));
  for (const word of words) expect(condition?.message).toMatch(word);
  if (words.length === 0) expect(condition).toBeUndefined();
});

it('says once what has one cause', () => {
  const [condition] = specWarning(
    makeResource({
      ...{ topology: 'ActiveActive', engine: { type: 'HTTP', demote: { path: '/down' } } },
      failover: { consistency: 'Strong', delay: '3s', leaseDuration: '20s' },
    }),
    makeObserved([]),
  );
  expect(condition?.message).toMatch(
    /^engine\.demote, failover\.consistency, failover\.delay, failover\.leaseDuration do nothing/,
  );
  expect(condition?.message.match(/ActiveActive/g)).toHaveLength(1);
});

it('does not call a zone misspelt that is lost later', () => {
  const spec = { failover: { neverPrimary: { zones: ['b'] } } };
  const resource = { ...makeResource(spec), status: { observedGeneration: 1 } };
  const lost = makeObserved([], { zones: [{ name: 'a', nodes: 1 }] });
  expect(specWarning(resource, lost)).toEqual([]);
  expect(specWarning({ ...resource, generation: 2 }, lost)).toHaveLength(1);
});

it('says all of it in one condition', () => {
  const [condition] = specWarning(
    makeResource({ ...redis, replicas: 2, placement: { disruptionBudget: 5 } }),
    makeObserved([]),
  );
  expect(condition?.message).toMatch(/at once\. Write at most 1\. engine.passwordSecret is absent/);
});

it('stands as long as the spec says so, and is told once', () => {
  const { resource, members } = running({ replicas: 2, placement: { disruptionBudget: 5 } });
  const pass = (subject: typeof resource) => decide(subject, makeObserved(members), t0);
  const warned = ({ events }: ReturnType<typeof pass>) =>
    events.filter(({ reason }) => reason === 'SpecWarning').map(({ note }) => note);
  const stands = ({ status }: ReturnType<typeof pass>) => conditionOf(status, 'SpecWarning');
  const first = pass(resource);
  expect(stands(first)).toMatchObject({ status: 'True', reason: 'MayBeMeantOtherwise' });
  expect(warned(first)).toEqual([stands(first)?.message]);
  const second = pass({ ...resource, generation: 2, status: first.status });
  expect(stands(second)?.message).toBe(stands(first)?.message);
  expect(warned(second)).toEqual([]);
  const { spec } = running({ replicas: 2 }).resource;
  const corrected = pass({ ...resource, spec, generation: 3, status: second.status });
  expect(stands(corrected)).toBeUndefined();
  expect(warned(pass({ ...resource, generation: 4, status: corrected.status }))).toHaveLength(1);
});
