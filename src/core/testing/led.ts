import type { MemberReport } from '../../protocol/member-protocol.ts';
import { hasQuorum } from '../model/capabilities.ts';
import type { Member, Resource } from '../model/observed.ts';
import { healthy, makeMember, makeResource } from './fixtures.ts';

/** A report as a test wants it. */
export const report = (more: Partial<MemberReport> = {}): MemberReport => ({
  state: 'Following',
  epoch: 1,
  ledEpoch: 0,
  leader: 'web-0',
  linked: true,
  position: { term: 1, offset: 100 },
  ...more,
});

export const led = (resource: Resource, ordinal: number, more: Partial<MemberReport>): Member =>
  makeMember(resource, ordinal, { health: healthy({ report: report(more) }) });

export const leading = (more: Partial<MemberReport> = {}): Partial<MemberReport> => ({
  state: 'Leading',
  ledEpoch: 1,
  sync: { members: ['web-1', 'web-2'], acks: 1 },
  ...more,
});

/** Postgres, Strong, three members: web-0 leads in epoch 1, and one of the two others must have each write. */
export function strong(
  spec: object = {},
  status: Resource['status'] = {},
): { resource: Resource; members: Member[] } {
  const resource = makeResource(
    {
      topology: 'LeaderFollower',
      engine: { type: 'Postgres' },
      failover: { consistency: 'Strong' },
      ...spec,
    },
    {
      primary: 'web-0',
      primaryUID: 'uid-web-0',
      epoch: 1,
      ledEpoch: 1,
      initialized: true,
      syncSets: [{ members: ['web-1', 'web-2'], acks: 1 }],
      ...status,
    },
  );
  const sync = hasQuorum(resource.spec) ? {} : { sync: { members: [], acks: 0 } };
  return {
    resource,
    members: [led(resource, 0, leading(sync)), led(resource, 1, {}), led(resource, 2, {})],
  };
}
