import { describe, expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { makeMember, makeObserved, makeResource } from '../testing/fixtures.ts';
import { progressOf } from '../status/progress.ts';
import { replicationPassword, sharedPassword } from './shared-password.ts';

const resource = makeResource({ topology: 'LeaderFollower', engine: { type: 'Redis' } });
const report = (id?: string, former = false): MemberReport => ({
  ...{ state: 'Following', epoch: 1, ledEpoch: 0 },
  ...(id === undefined ? {} : { password: { id, former } }),
});

describe('the password that every member accepts', () => {
  it.each<[string, (MemberReport | undefined)[], string | undefined]>([
    ['all say the same', [report('new', true), report('new'), report('new')], 'new'],
    ['one has the former one', [report('new', true), report('new'), report('old')], undefined],
    ['one is of an earlier version', [report('new', true), report('new'), report()], undefined],
    ['one was never heard', [report('new', true), report('new'), undefined], undefined],
    ['one has no pod yet', [report('new', true), report('new')], undefined],
    ['there is no password', [report(), report(), report()], undefined],
  ])('if %s', (_what, reports, id) => {
    expect(sharedPassword(resource, reports)).toBe(id);
  });
});

describe('the password of replication', () => {
  const contract = { ports: [], replicationUser: true };
  const said = (type: string, contracts: (typeof contract | undefined)[]) => {
    const service = makeResource({ topology: 'LeaderFollower', engine: { type } });
    const members = contracts.map((one) => (one === undefined ? {} : { contract: one }));
    return replicationPassword(service, members);
  };

  it.each([
    ['all members know it', 'Postgres', [contract, contract], 'own'],
    ['one member is of an earlier version', 'Postgres', [contract, undefined], 'service'],
    ['the leader has a user for that', 'Redis', [contract, contract], undefined],
    ['the program is not known', 'Exec', [contract, contract], undefined],
  ])('if %s', (_what, type, contracts, expected) => {
    expect(said(type, contracts)).toBe(expected);
  });
});

describe('the condition Progressing', () => {
  const told = (...reports: (MemberReport | undefined)[]) => {
    const members = reports.map((each, ordinal) => {
      const one = makeMember(resource, ordinal);
      const { report: _none, ...health } = one.health!;
      return { ...one, health: { ...health, ...(each === undefined ? {} : { report: each }) } };
    });
    return progressOf(
      resource,
      makeObserved(members),
      { actions: [], away: [], failover: { kind: 'None' } },
      0,
    ).join();
  };

  it('says that a password is being changed, for whom that waits, and when it is done', () => {
    expect(told(report('new', true), report('old'), report('old'))).toMatch(
      /is being changed.*until all have the new one: the kubelets bring it/,
    );
    expect(told(report('new', true), report('new', true), report())).toMatch(
      /web-2 does not say which password it has.*delete the pod/,
    );
    const starting = { ...report(), state: 'Starting' } as const;
    const told3 = told(report('new', true), starting, undefined);
    expect(told3).toMatch(/web-1 is starting; web-2 has not answered yet/);
    expect(told3).not.toMatch(/delete the pod/);
    expect(told(report('new', true), report('new'), report('new'))).toMatch(/is being retired/);
    expect(told(report('new'), report('new'), report('new'))).toBe('');
  });
});
