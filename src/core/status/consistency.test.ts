import { expect, it } from 'vitest';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import type { Member, Resource } from '../model/observed.ts';
import { makeMember, makeResource } from '../testing/fixtures.ts';
import { led, leading, strong } from '../testing/led.ts';
import { consistencyOf } from './consistency.ts';

const led0 = (resource: Resource, more: Partial<MemberReport> = {}): Member =>
  led(resource, 0, leading(more));

it('is Strong as soon as the primary waits for followers, and only they can hold what it has acknowledged', () => {
  const { resource, members } = strong();
  expect(consistencyOf(resource, members[0])).toEqual({ consistency: 'Strong' });
  const nobody = { members: [], acks: 0 };
  const joint = {
    ...resource,
    status: { ...resource.status, syncSets: [nobody, { members: ['web-1'], acks: 1 }] },
  };
  expect(consistencyOf(joint, members[0])).toEqual({ consistency: 'Eventual' });
  expect(consistencyOf(resource, led0(resource, { sync: nobody }))).toEqual({
    consistency: 'Eventual',
  });
  expect(consistencyOf(resource, undefined)).toEqual({});
});

it('is Eventual as long as a setting of the primary lets acknowledged writes be lost', () => {
  const { resource } = strong();
  const weak = { reason: 'WeakSettings', message: 'fsync is off' };
  const full = { reason: 'DiskFull', message: 'the disk is full' };
  const at = (more: Partial<MemberReport>) => consistencyOf(resource, led0(resource, more));
  const sync = { members: ['web-1', 'web-2'], acks: 1 };
  expect(at({ sync, problem: full })).toEqual({ consistency: 'Strong' });
  expect(at({ sync, problem: weak })).toEqual({ consistency: 'Eventual' });
  expect(at({ sync, problem: full, furtherProblems: [weak] })).toEqual({ consistency: 'Eventual' });
});

it('stays Strong while the spec says Eventual and the primary still waits for followers', () => {
  const { resource } = strong({ failover: { consistency: 'Eventual' } });
  expect(consistencyOf(resource, led0(resource))).toEqual({ consistency: 'Strong' });
  const free = { sync: { members: [], acks: 0 } };
  expect(consistencyOf(resource, led0(resource, free))).toEqual({ consistency: 'Eventual' });
});

it('stays what it was until the report of the primary has come', () => {
  const { resource } = strong({}, { consistency: 'Strong' });
  expect(consistencyOf(resource, makeMember(resource, 0))).toEqual({ consistency: 'Strong' });
});

it('is Strong for the only member with its set in force', () => {
  const { resource } = strong({ replicas: 1 }, { syncSets: [{ members: [], acks: 0 }] });
  const alone = led0(resource, { sync: { members: [], acks: 0 } });
  expect(consistencyOf(resource, alone)).toEqual({ consistency: 'Strong' });
});

it('is Strong with a lease when the pod of the primary has one', () => {
  const spec = {
    template: { spec: { containers: [{ name: 'web', image: 'web', command: ['web'] }] } },
  };
  const resource = makeResource({ ...spec, failover: { consistency: 'Strong' } });
  expect(consistencyOf(resource, makeMember(resource, 0))).toEqual({ consistency: 'Strong' });
  const { leaseMs: _lease, ...plain } = makeMember(resource, 0);
  expect(consistencyOf(resource, plain)).toEqual({ consistency: 'Eventual' });
});
