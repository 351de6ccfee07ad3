import { expect, it } from 'vitest';
import { decide } from '../../core/decide.ts';
import type { Member } from '../../core/model/observed.ts';
import { desiredPod } from '../../core/resources/pod.ts';
import { healthy, makeObserved, t0 } from '../../core/testing/fixtures.ts';
import { leading, report, strong } from '../../core/testing/led.ts';
import type { Pod } from '../../kube/api-types.ts';
import { Stores } from '../state/stores.ts';
import { monitoredMembers } from './monitored-members.ts';
import { membersOf } from './observe.ts';

const { resource: made } = strong({ engine: { type: 'Redis' }, failover: {} }, { syncSets: [] });
const resource = { ...made, agentImage: 'operator:1' };

/** The members, if a webhook changes each pod but the first, which leads and is outdated. */
function membersIf(webhook: (spec: NonNullable<Pod['spec']>) => object): Member[] {
  const stores = new Stores();
  stores.nodes.put({
    metadata: { name: 'n' },
    status: { conditions: [{ type: 'Ready', status: 'True' }] },
  });
  for (const ordinal of [0, 1, 2]) {
    const pod = desiredPod(resource, ordinal, ordinal === 0 ? 'primary' : 'standby') as Pod;
    const { metadata = {}, spec = { containers: [] } } = pod;
    const old = { ...metadata.annotations, 'haservice.dev/template-hash': 'old' };
    stores.pods.put({
      ...pod,
      metadata: {
        ...metadata,
        uid: `uid-web-${ordinal}`,
        creationTimestamp: new Date(t0 - 600_000).toISOString(),
        ...(ordinal === 0 ? { annotations: old } : {}),
      },
      spec: { nodeName: 'n', ...spec, ...(ordinal === 0 ? {} : webhook(spec)) },
      status: {
        phase: 'Running',
        podIP: `10.0.0.${ordinal}`,
        conditions: [{ type: 'Ready', status: 'True' }],
      },
    });
  }
  return membersOf(resource, stores);
}

/** Which members are asked, which one is elected, and what is told, if every program that is asked answers. */
function outcome(members: Member[], isReported: (member: Member) => boolean) {
  const asked = monitoredMembers(resource, members).map(({ uid }) => uid);
  const seen = members.map((member) => {
    const says = member.ordinal === 0 ? leading() : {};
    const health = healthy(isReported(member) ? { report: report(says) } : {});
    return asked.includes(member.uid) ? { ...member, health } : member;
  });
  const { commit, status } = decide(
    resource,
    makeObserved(seen, { writeEndpoints: ['uid-web-0'] }),
    t0,
  );
  const told = status.conditions?.find(({ type }) => type === 'Degraded');
  return { asked: asked.length, elected: commit?.status.primary, told: told?.reason };
}

it('a container that a webhook puts first does not hide the agent: no member is elected without a report', () => {
  const meshed = membersIf(({ containers }) => ({
    containers: [{ name: 'istio-proxy' }, ...containers],
  }));
  expect(outcome(meshed, () => true)).toMatchObject({ asked: 3, elected: 'web-1' });
  expect(outcome(meshed, ({ ordinal }) => ordinal === 0).elected).toBeUndefined();
});

it.each<[string, (spec: NonNullable<Pod['spec']>) => object]>([
  [
    'its settings',
    ({ containers }) => ({ containers: containers.map((each) => ({ ...each, env: [] })) }),
  ],
  ['all of it', () => ({ containers: [{ name: 'redis' }], initContainers: [] })],
])('a pod from which somebody has removed the agent, %s, takes no part', (_what, webhook) => {
  expect(outcome(membersIf(webhook), () => false)).toEqual({
    asked: 1,
    elected: undefined,
    told: 'AgentUnseen',
  });
});
