import { describe, expect, it } from 'vitest';
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
    expect(message).toContain(
      'web-0 and web-1 have no data any more, so that waiting for them does not',
    );
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
  // The spec has just given the volumes up, and this pod was made before that, as the others were.
  expect(messageOf([{ ...survivor, keepsData: true }])).not.toContain('no data any more');
});

describe('five members, of which three have lost their data', () => {
  const five = {
    resource: strong(
      { engine: { type: 'Redis' }, replicas: 5 },
      { epoch: 2, fencing, syncSets: [{ members: ['web-1', 'web-2', 'web-3', 'web-4'], acks: 2 }] },
    ).resource,
    lost: [anew(0), anew(1), anew(2)],
    fourth: led(resource, 3, fenced),
    fifth: led(resource, 4, fenced),
  };
  const said = (members: Member[]) => {
    const plan = planFailover(five.resource, makeObserved(members), t0);
    return plan.kind === 'Blocked' ? plan.message : '';
  };

  it('says that the command also gives up what a member holds that is silent', () => {
    const whole = said([...five.lost, five.fourth, five.fifth]);
    expect(whole).toContain(`only the lost copies held: \`${command}\``);
    const message = said([...five.lost, { ...five.fourth, health: dead('Silent') }, five.fifth]);
    expect(message).toContain('web-3 silent for 2000 ms: bring them back first if you can');
    expect(message).toContain(command);
  });

  it('names no command if none of those with data can take over', () => {
    const away = { ...five.fourth, health: dead('Silent') };
    const message = said([...five.lost, away, { ...five.fifth, health: dead('Silent') }]);
    expect(message).toContain('web-4 silent for 2000 ms. Bring one of them back first');
    expect(message).not.toContain('kubectl');
    const none = said([...five.lost, anew(3), anew(4)]);
    expect(none).toContain('All data are lost: put a backup on the volume of one member');
    expect(none).not.toContain('kubectl');
    // Their pods are being made again, and will be empty.
    expect(said([])).toMatch(/web-4 have no data any more$/);
  });
});

it('does not say that all data are lost while a member with a volume has no pod', () => {
  const { resource: eventual } = begun({ ...onVolumes, failover: { consistency: 'Eventual' } });
  const messageFor = (members: Member[]) => {
    const plan = planFailover(eventual, makeObserved(members), t0);
    return plan.kind === 'Blocked' ? plan.message : '';
  };
  expect(messageFor([anew(0), anew(1), anew(2)])).toContain('All data are lost');
  expect(messageFor([anew(0), anew(1)])).toContain('It goes on when one is healthy');
});

it('goes on by that command', () => {
  const { resource: eventual } = begun({ failover: { consistency: 'Eventual' } });
  const members = [anew(0), anew(1), survivor];
  const { commit } = decide(eventual, makeObserved(members), t0);
  expect(commit?.status).toMatchObject({ primary: 'web-2', epoch: 2 });
});

it('has nothing to do meanwhile, and says where to look', () => {
  const subject = { ...resource, status: { ...resource.status, observedGeneration: 1 } };
  const { status } = decide(subject, makeObserved([anew(0), anew(1), survivor]), t0);
  expect(conditionOf(status, 'Progressing')).toMatchObject({
    status: 'False',
    reason: 'Waiting',
    message: expect.stringContaining('FailoverBlocked') as string,
  });
});
