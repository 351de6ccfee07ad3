import { expect, it } from 'vitest';
import type { Member } from '../../core/model/observed.ts';
import { selectorLabels } from '../../core/model/naming.ts';
import { healthy, makeMember, makeResource } from '../../core/testing/fixtures.ts';
import { report } from '../../core/testing/led.ts';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Stores } from '../state/stores.ts';
import { earlierLeaseHolder } from './earlier-leader.ts';

const spec = { failover: { consistency: 'Strong', leaseDuration: '20s' } };
const resource = makeResource(spec);
const slice = {
  metadata: { labels: selectorLabels('web') },
  endpoints: [{ targetRef: { uid: 'uid-web-0' } }],
};
const none = { get: () => undefined, byIndex: () => [] };
const stores = {
  slices: {
    get: (_: string, name: string) => (name.endsWith('-v6') ? undefined : slice),
    byIndex: () => [],
  },
  services: none,
  pods: none,
} as unknown as Stores;

function holder(reports: Partial<MemberReport>[], unanswered?: string, now = resource) {
  const members = reports.map((_, ordinal): Member => makeMember(resource, ordinal));
  const healths = new Map(
    reports.map((said, i) => [`uid-web-${i}`, healthy({ report: report(said) })]),
  );
  const state = { earlierLease: undefined, unansweredElection: unanswered };
  const monitor = { health: (_: string, uid: string) => healths.get(uid) as never };
  const uid = earlierLeaseHolder('shop/web', now, members, { monitor, stores, state });
  return { uid, state };
}

const leads = (epoch: number) => ({ state: 'Leading', epoch, ledEpoch: epoch }) as const;
const detached = { state: 'Detached' } as const;
const earlierLease = { uid: 'uid-web-0', leaseMs: 20_000 };

it('before the first election the leader behind the write Service keeps its lease, which is remembered', () => {
  const { uid, state } = holder([leads(3), detached]);
  expect(uid).toBe('uid-web-0');
  expect(state).toMatchObject({ earlierLease });
});

it('no member keeps its lease that leads no longer, or that another one may have replaced', () => {
  expect(holder([detached, detached]).uid).toBeUndefined();
  expect(holder([leads(3), leads(7)]).uid).toBeUndefined();
  // One that is not behind the write Service.
  expect(holder([detached, leads(3)]).uid).toBeUndefined();
  // An election is under way: it may have chosen another one.
  const asked = holder([leads(3), detached], '77');
  expect(asked.uid).toBeUndefined();
  expect(asked.state).toMatchObject({ earlierLease });
  const fencing = { epoch: 4, trigger: 'Silent' as const, startedAt: '2026-01-01T00:00:00Z' };
  expect(holder([leads(3)], undefined, makeResource(spec, { fencing })).uid).toBeUndefined();
  const elected = makeResource(spec, { primary: 'web-1', primaryUID: 'uid-web-1', epoch: 4 });
  expect(holder([leads(3)], undefined, elected).uid).toBeUndefined();
});
