import { defaultAgentPort } from '../../protocol/member-protocol.ts';
import { durationMs } from '../../api/duration.ts';
import { specSchema } from '../../api/spec.ts';
import type { Health, Member, Observed, Resource } from '../model/observed.ts';
import { agentPort, needsLease, usesAgent } from '../model/capabilities.ts';
import { selectorLabels } from '../model/naming.ts';
import { keepsData } from '../resources/kept-data.ts';
import { templateHash } from '../resources/pod.ts';
import { ordinalLabel, roleLabel } from '../../api/labels.ts';

/** A resource as a test wants it; times are epoch milliseconds around `t0`. */
export const t0 = Date.parse('2026-01-01T00:00:00Z');

export function makeResource(spec: object = {}, status: Resource['status'] = {}): Resource {
  return {
    name: 'web',
    namespace: 'shop',
    uid: 'uid-web',
    generation: 1,
    createdAtMs: t0 - 3_600_000,
    deleting: false,
    spec: specSchema.parse({
      ports: [{ port: 80 }],
      engine: { type: 'HTTP' },
      template: { spec: { containers: [{ name: 'nginx', image: 'nginx' }] } },
      ...spec,
    }),
    status,
  };
}

export const healthy = (more: Partial<Health> = {}): Health => ({
  verdict: 'Healthy',
  message: 'answers',
  sinceWallMs: t0 - 60_000,
  silentMs: 0,
  generation: 0,
  evidence: 'answers',
  ...more,
});

export const dead = (cause: 'Refused' | 'Silent', more: Partial<Health> = {}): Health => ({
  verdict: 'Dead',
  cause,
  message: cause === 'Refused' ? 'nothing listens any more' : 'silent for 2000 ms',
  sinceWallMs: t0,
  silentMs: 2,
  generation: 0,
  evidence: 'what was heard',
  ...(cause === 'Refused' ? { refusedPort: defaultAgentPort } : {}),
  ...more,
});

const zones = ['a', 'b', 'c'];

export function makeMember(
  resource: Resource,
  ordinal: number,
  more: Partial<Member> = {},
): Member {
  const { spec } = resource;
  const name = `web-${ordinal}`;
  const uid = more.uid ?? `uid-${name}`;
  const zone = zones[ordinal % 3] ?? 'a';
  return {
    name,
    uid,
    ordinal,
    labels: {
      ...selectorLabels('web'),
      [ordinalLabel]: String(ordinal),
      [roleLabel]:
        resource.spec.topology === 'ActiveActive'
          ? 'active'
          : resource.status.primaryUID === uid
            ? 'primary'
            : 'standby',
    },
    ip: `10.0.${ordinal}.1`,
    node: `node-${zone}`,
    zone,
    nodeReady: true,
    phase: 'Running',
    ready: true,
    createdAtMs: t0 - 120_000,
    templateHash: templateHash(resource.spec),
    ...(usesAgent(spec) ? { agentPort: agentPort(spec) } : {}),
    ...(keepsData(spec) ? { keepsData: true } : {}),
    ...(needsLease(spec) ? { leaseMs: durationMs(spec.failover.leaseDuration) } : {}),
    health: healthy(),
    ...more,
  };
}

export function makeObserved(members: Member[], more: Partial<Observed> = {}): Observed {
  return {
    members,
    foreignPods: [],
    claims: [],
    zones: zones.map((name) => ({ name, nodes: 1 })),
    services: {},
    failures: [],
    roleCommands: [],
    foreignEndpoints: [],
    additionalSlices: [],
    ipv6: false,
    ...more,
  };
}

/** A running service: web-0 is primary in epoch 1, and the write Service points at it. */
export function running(spec: object = {}): { resource: Resource; members: Member[] } {
  const resource = makeResource(spec, { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 1 });
  return { resource, members: [0, 1, 2].map((ordinal) => makeMember(resource, ordinal)) };
}
