import type { MemberReport } from '../../src/protocol/member-protocol.ts';
import { specSchema } from '../../src/api/spec.ts';
import type { Status } from '../../src/api/status.ts';
import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/model/decision.ts';
import type { Health, Member, Observed, Resource } from '../../src/core/model/observed.ts';
import { agentPort } from '../../src/core/model/capabilities.ts';
import { templateHash } from '../../src/core/resources/pod.ts';
import type { Verdict } from './exhaustive-state.ts';
import type { Plants } from './operator.ts';
import { subject } from './subject.ts';

export const memberCount = 3;
export const nameOf = (ordinal: number): string => `web-${ordinal}`;
export const uidOf = (ordinal: number): string => `uid-${ordinal}`;
export const ordinalOf = (name: string): number => Number(name.split('-').at(-1));

/** Time stands still: what waits for a time has none to wait for, or waits for ever. */
const nowMs = Date.parse('2026-01-01T00:00:00Z');

const spec = specSchema.parse({
  ports: [{ port: 80 }],
  replicas: memberCount,
  topology: 'LeaderFollower',
  engine: { type: 'Postgres' },
  failover: { consistency: 'Strong', minInterval: '0s' },
  template: { spec: { containers: [{ name: 'main', image: 'program', command: ['program'] }] } },
});

const pods = Array.from({ length: memberCount }, (_, ordinal): Member => ({
  name: nameOf(ordinal),
  uid: uidOf(ordinal),
  ordinal,
  labels: {},
  ip: `10.0.0.${ordinal}`,
  node: `n${ordinal}`,
  zone: 'abc'[ordinal] ?? 'a',
  nodeReady: true,
  phase: 'Running',
  ready: true,
  createdAtMs: nowMs - 600_000,
  templateHash: templateHash(spec),
  agentPort: agentPort(spec),
}));

/** As old as it must be for each to be believed: whoever is silent fell silent while others were heard. */
const sinceMs = { Healthy: 60_000, Unknown: 0, Refused: 10_000, Silent: 10_000 };

/** What an operator has heard of a member. */
export interface Heard {
  verdict: Verdict;
  report?: MemberReport;
  generation: number;
}

function healthOf({ verdict, report, generation }: Heard): Health {
  const isDead = verdict === 'Refused' || verdict === 'Silent';
  return {
    verdict: isDead ? 'Dead' : verdict,
    ...(isDead ? { cause: verdict } : {}),
    ...(verdict === 'Refused' ? { refusedPort: agentPort(spec) } : {}),
    message: verdict,
    sinceWallMs: nowMs - sinceMs[verdict],
    silentMs: 0,
    generation,
    evidence: verdict,
    ...(report === undefined ? {} : { report, reportedAtMs: nowMs }),
  };
}

/** What an operator that knows this status and has heard this decides. */
export function decideOn(
  status: Status,
  heard: readonly Heard[],
  slice: string,
  plants: Plants,
): Decision {
  const observed: Observed = {
    members: pods.map((pod, i) => ({
      ...pod,
      health: healthOf(heard[i] ?? { verdict: 'Unknown', generation: 0 }),
    })),
    strangers: [],
    zones: ['a', 'b', 'c'].map((name) => ({ name, nodes: 1 })),
    services: {},
    failures: [],
    hooks: [],
    ...(plants.unsafe === undefined ? {} : { unsafe: plants.unsafe }),
    writeEndpoints: slice === '' ? [] : [slice],
    strayEndpoints: [],
    ipv6: false,
  };
  const resource: Resource = { ...subject, generation: 1, spec, status };
  return (plants.decide ?? decide)(resource, observed, nowMs);
}
