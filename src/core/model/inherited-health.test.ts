import { expect, it } from 'vitest';
import { healthy, makeMember, makeResource } from '../testing/fixtures.ts';
import { inheritHealth } from './inherited-health.ts';
import { answersWrongly, healthOf, isHealthy, seemsHealthy } from './member.ts';

const stored = (health: string) =>
  makeResource(
    {},
    { members: [{ pod: 'web-0', uid: 'uid-web-0', role: 'primary', health }] as never },
  );
const unjudged = healthy({ verdict: 'Unknown' });

it('a new process inherits a stored verdict until it has one of its own, and elects nobody by it', () => {
  const inherited = (health: string, own = unjudged) => {
    const resource = stored(health);
    return inheritHealth(resource, { members: [makeMember(resource, 0, { health: own })] })[0]!;
  };
  expect(seemsHealthy(inherited('Healthy'))).toBe(true);
  expect(isHealthy(inherited('Healthy'))).toBe(false);
  const wrong = inherited('Unhealthy');
  expect([answersWrongly(wrong), seemsHealthy(wrong), healthOf(wrong)]).toEqual([
    true,
    false,
    'Unhealthy',
  ]);
  expect(answersWrongly(inherited('Unhealthy', healthy()))).toBe(false);
  expect(inherited('Dead').inheritsHealth).toBeUndefined();
});

it('a member that is never asked inherits nothing: its verdict would be for ever', () => {
  const resource = stored('Healthy');
  const { health: _none, ...member } = makeMember(resource, 0, { isAgentUnseen: true });
  const [inherited] = inheritHealth(resource, { members: [member] });
  expect(seemsHealthy(inherited!)).toBe(false);
});
