import { describe, expect, it } from 'vitest';
import { makeMember, makeObserved, makeResource } from '../testing/fixtures.ts';
import { agentOf } from './agent-settings.ts';
import { createPod } from './owned-object-actions.ts';
import { desiredPod, isOutdated } from './pod.ts';

const withSecret = (passwordSecret: object) =>
  makeResource({ topology: 'LeaderFollower', engine: { type: 'Postgres', passwordSecret } });

describe('engine.passwordSecret names another Secret', () => {
  const before = withSecret({ name: 'old' });
  const after = withSecret({ name: 'new', key: 'pg' });
  const made = (ordinal: number, resource = before) => {
    const spec = desiredPod(resource, ordinal, 'standby')['spec'] as Record<string, unknown>;
    return { ...makeMember(resource, ordinal), ...agentOf(spec) };
  };
  const volumeOf = (members: ReturnType<typeof made>[]) => {
    const action = createPod(after, 2, undefined, makeObserved(members).members);
    if (action.type !== 'CreatePod') throw new Error(action.type);
    const { volumes } = action.manifest['spec'] as { volumes: object[] };
    return volumes.find((volume) => 'name' in volume && volume.name === 'haservice-password');
  };

  it('a new member also knows the password of the members that have the former one', () => {
    expect(isOutdated(after, made(0))).toBe(true);
    const source = (name: string, key: string, path: string) => ({
      secret: { name, items: [{ key, path }], optional: true },
    });
    expect(volumeOf([made(0), made(1), made(2, after)])).toEqual({
      name: 'haservice-password',
      projected: {
        sources: [source('new', 'pg', 'password'), source('old', 'password', 'former-1')],
        defaultMode: 0o444,
      },
    });
  });

  it('once no member has the former one, it is not mounted', () => {
    expect(volumeOf([made(0, after), made(1, after)])).toEqual({
      name: 'haservice-password',
      secret: {
        secretName: 'new',
        items: [{ key: 'pg', path: 'password' }],
        optional: true,
        defaultMode: 0o444,
      },
    });
  });
});
