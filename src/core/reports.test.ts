import fc from 'fast-check';
import { expect, it } from 'vitest';
import { highestAdopted, highestEpoch } from '../api/epoch.ts';
import { type MemberReport, memberReportSchema } from '../protocol/member-protocol.ts';
import { type Status, statusSchema } from '../api/status.ts';
import { decide } from './decide.ts';
import { dead, healthy, makeMember, makeObserved, t0 } from './testing/fixtures.ts';
import { strong } from './testing/led.ts';

const number = fc.oneof(
  fc.constantFrom(0, -0, 1, 2, 0.5, highestAdopted, highestEpoch, highestEpoch + 1),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, 2 ** 53, 1e21, Number.MAX_VALUE, Number.MIN_VALUE, -1),
  fc.nat(),
  fc.double(),
);
const text = fc.oneof(
  fc.constantFrom('', 'web-0', 'web-1', '\uD83D', '\u0000', '\u{1F4BE}'.repeat(512)),
  fc.string({ unit: 'binary' }),
);
const anything = fc.record(
  {
    uid: text,
    state: fc.constantFrom('Empty', 'Starting', 'Cloning', 'Detached', 'Following', 'Leading'),
    epoch: number,
    ledEpoch: number,
    leader: text,
    linked: fc.boolean(),
    position: fc.record({ term: number, offset: number }),
    lagMs: number,
    copy: fc.record(
      { bytes: number, totalBytes: number, elapsedMs: number },
      { requiredKeys: ['bytes', 'elapsedMs'] },
    ),
    sync: fc.record({ members: fc.array(text, { maxLength: 101 }), acks: number }),
    identity: text,
    loss: fc.record(
      { epoch: number, bytes: number, transactions: number, message: text },
      { requiredKeys: ['epoch', 'message'] },
    ),
    problem: fc.record({ reason: text, message: text }),
    nonce: text,
  },
  { requiredKeys: ['state'] },
);

/** Any report of a member that the schema accepts. */
const someReport = anything.map((fields): MemberReport => {
  const entries = Object.entries(fields).filter(
    ([name, value]) =>
      memberReportSchema.shape[name as keyof typeof fields].safeParse(value).success,
  );
  return memberReportSchema.parse({ epoch: 1, ...Object.fromEntries(entries) });
});

/** It has failed over before: what its former primary has lost is asked for. */
const failovers: Status['failovers'] = [
  {
    epoch: 1,
    from: 'web-1',
    to: 'web-0',
    trigger: 'Crash',
    startedAt: new Date(t0 - 600_000).toISOString(),
    outcome: 'Completed',
  },
];
const fencing: Status['fencing'] = {
  epoch: 1,
  from: 'web-0',
  trigger: 'Crash',
  startedAt: new Date(t0).toISOString(),
};

it('whatever members report, the status that comes of it is one that the API server takes', () => {
  const scene = fc.record({
    reports: fc.array(fc.option(someReport), { minLength: 3, maxLength: 3 }),
    consistency: fc.constantFrom('Strong', 'Eventual'),
    topology: fc.constantFrom('LeaderFollower', 'ActivePassive'),
    status: fc.constantFrom({}, { fencing }, { primary: undefined, epoch: undefined } as object),
    isDead: fc.boolean(),
  });
  fc.assert(
    fc.property(scene, ({ reports, consistency, topology, status, isDead }) => {
      const { resource } = strong(
        { topology, engine: { type: 'Postgres' }, failover: { consistency } },
        { failovers, ...status },
      );
      const members = reports.map((report, i) => {
        const said = report === null ? {} : { report };
        const health = i === 0 && isDead ? dead('Refused', said) : healthy(said);
        return makeMember(resource, i, { health });
      });
      const decision = decide(resource, makeObserved(members), t0 + 60_000);
      expect(() => statusSchema.parse(JSON.parse(JSON.stringify(decision.status)))).not.toThrow();
    }),
    { numRuns: 300 },
  );
}, 60_000);
