import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import type { Member } from '../model/observed.ts';
import { conditionOf } from '../status/events.ts';
import { dead, healthy, makeMember, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, report, strong } from '../testing/led.ts';
import { planFailover } from './failover.ts';

const fencing = {
  epoch: 2,
  from: 'web-0',
  trigger: 'PodGone' as const,
  startedAt: new Date(t0).toISOString(),
};
const onVolumes = {
  volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
};
const begun = (spec: object = {}) =>
  strong({ engine: { type: 'Redis' }, ...spec }, { epoch: 2, fencing });
const fenced: Partial<MemberReport> = { state: 'Detached', epoch: 2 };

const { resource } = begun();
const survivor = led(resource, 2, fenced);
/** In a new pod, without data. */
function anew(ordinal: number): Member {
  const { position: _none, ...said } = report({ state: 'Empty', epoch: 2 });
  return makeMember(resource, ordinal, { health: healthy({ report: said }) });
}
const silent: Member = { ...anew(1), health: dead('Silent') };
const command = `kubectl patch has web -n shop --type merge -p '{"spec":{"failover":{"consistency":"Eventual"}}}'`;

const messageOf = (members: Member[], spec: object = {}) => {
  const plan = planFailover(begun(spec).resource, makeObserved(members), t0);
  expect(plan).toMatchObject({ kind: 'Blocked', reason: 'QuorumMissing' });
  return plan.kind === 'Blocked' ? plan.message : '';
};

it('says how to go on if the primary and the follower that may hold its writes are gone with their data', () => {
  for (const members of [[survivor], [anew(0), survivor], [anew(0), anew(1), survivor]]) {
    const message = messageOf(members);
    expect(message).toContain('web-0 and web-1 have no data any more, so that waiting does not');
    expect(message).toContain(command);
  }
});

it('does not give up a member that may come back with its data', () => {
  for (const members of [
    [anew(0), silent, survivor],
    [{ ...anew(0), health: dead('Silent') }, anew(1), survivor],
  ]) {
    expect(messageOf(members)).not.toContain('kubectl');
  }
  expect(messageOf([survivor], onVolumes)).not.toContain('kubectl');
});

it('goes on by that command', () => {
  const { resource: eventual } = begun({ failover: { consistency: 'Eventual' } });
  const members = [anew(0), anew(1), survivor];
  const { commit } = decide(eventual, makeObserved(members), t0);
  expect(commit?.status).toMatchObject({ primary: 'web-2', epoch: 2 });
});

it('has nothing to do meanwhile, and says where to look', () => {
  const { status } = decide(resource, makeObserved([anew(0), anew(1), survivor]), t0);
  expect(conditionOf(status, 'Progressing')).toMatchObject({
    status: 'False',
    reason: 'Waiting',
    message: expect.stringContaining('FailoverBlocked') as string,
  });
});
