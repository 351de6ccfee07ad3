import { expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { specWarnings } from './spec-warnings.ts';

const redis = { topology: 'LeaderFollower', engine: { type: 'Redis' } };
const strong = { failover: { consistency: 'Strong' } };
const password = { engine: { type: 'Redis', passwordSecret: { name: 'redis' } } };

it.each<[string, object, RegExp[]]>([
  ['nothing', {}, []],
  ['Strong without a primary', { topology: 'ActiveActive', ...strong }, [/ActiveActive/]],
  [
    'a budget for all members',
    { replicas: 2, placement: { disruptionBudget: 5 } },
    [/disruptionBudget is 5 and replicas is 2: .* Write at most 1/],
  ],
  ['a budget of one for one', { replicas: 1 }, []],
  ['Redis without a password', redis, [/passwordSecret is absent: every program/]],
  ['Redis with one', { ...redis, ...password }, []],
  ['Strong alone', { ...redis, ...password, ...strong, replicas: 1 }, [/lost with the volume/]],
  [
    'a zone and a number of nobody that must never lead',
    { failover: { neverPrimary: { zones: ['b', 'backup-sit'], ordinals: [1, 3] } } },
    [/zones names backup-sit, .* The zones are: a, b, c/, /ordinals names 3, .* from 0 to 2/],
  ],
  ['members that must never lead', { failover: { neverPrimary: { zones: ['b'] } } }, []],
  ['a lease alone', { ...strong, replicas: 1 }, [/no member can take over. Write replicas: 2/]],
])('warns of %s', (_what, spec, words) => {
  expect(specWarnings(makeResource(spec), makeObserved([]))).toEqual(
    words.map((word) => expect.stringMatching(word) as string),
  );
});

it('tells each spec once', () => {
  const { resource, members } = running({ replicas: 2, placement: { disruptionBudget: 5 } });
  const pass = (subject: typeof resource) => decide(subject, makeObserved(members), t0);
  const warned = ({ events }: ReturnType<typeof pass>) =>
    events.filter(({ reason }) => reason === 'SpecWarning').length;
  const first = pass(resource);
  expect(warned(first)).toBe(1);
  expect(warned(pass({ ...resource, status: first.status }))).toBe(0);
  const edited = { ...resource, generation: resource.generation + 1, status: first.status };
  expect(warned(pass(edited))).toBe(1);
});
