import type { MemberStatus } from '../../api/status.ts';
import type { Position } from '../../protocol/member-protocol.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { reportOf } from '../model/member.ts';
import { behind, comparePositions, positionOf } from '../model/position.ts';

/** A smaller difference is no lag, but the age of the last report. Bytes. */
const smallLagBytes = 64 * 1024;

const units: Record<string, number> = {
  k: 1e3,
  M: 1e6,
  G: 1e9,
  Ki: 2 ** 10,
  Mi: 2 ** 20,
  Gi: 2 ** 30,
};

/** Bytes of a Kubernetes quantity such as 512Ki. The schema has checked the syntax. */
export function quantityBytes(text: string): number {
  const [, digits = '0', unit = ''] = /^([0-9]+)([kMG]i?|Ki)?$/.exec(text) ?? [];
  return Number(digits) * (units[unit] ?? 1);
}

/** The most advanced known position, including the last one of the failed primary. */
function furthest(members: Member[]): Position | undefined {
  return members
    .map(positionOf)
    .reduce((most, each) => (comparePositions(each, most) > 0 ? each : most), undefined);
}

/** In a clause, with by how much the member is further behind than the spec allows; undefined: it is not. */
function beyond({ spec }: Resource, { members }: Observed, member: Member): string | undefined {
  const bytes = behind(furthest(members), positionOf(member));
  return bytes === undefined || bytes <= quantityBytes(spec.failover.maxLag)
    ? undefined
    : `${member.name}, is ${bytes} bytes behind, failover.maxLag allows ${spec.failover.maxLag}`;
}

/** Eventual: why even the most advanced member may not take over; undefined if it may. */
export function tooFarBehind(
  resource: Resource,
  observed: Observed,
  winner: Member,
): string | undefined {
  if (resource.spec.failover.onNoCandidate === 'PromoteAnyway') return undefined;
  const late = beyond(resource, observed, winner);
  return (
    late &&
    `the most advanced member, ${late}: raise it, or set failover.onNoCandidate: PromoteAnyway, to go on without them`
  );
}

/** Eventual: why a planned change to this member would lose too much. The primary is well: PromoteAnyway is not about that. */
export function tooFarBehindForNow(
  resource: Resource,
  observed: Observed,
  winner: Member,
): string | undefined {
  const late = beyond(resource, observed, winner);
  return late && `the member that is meant, ${late}: wait until it has caught up, or raise it`;
}

const powerOfTwo = (value: number) => 2 ** Math.ceil(Math.log2(value));

/** A member's lag for the status: rounded up, so that it does not change with each write. */
export function lagOf(
  member: Member,
  leader: Member | undefined,
): Pick<MemberStatus, 'lagBytes' | 'lagSeconds'> {
  const report = reportOf(member);
  if (report?.state !== 'Following' || leader === undefined) return {};
  const bytes = behind(positionOf(leader), report.position);
  const seconds = (report.lagMs ?? 0) / 1_000;
  return {
    ...(bytes === undefined ? {} : { lagBytes: bytes < smallLagBytes ? 0 : powerOfTwo(bytes) }),
    ...(report.lagMs === undefined ? {} : { lagSeconds: seconds < 1 ? 0 : powerOfTwo(seconds) }),
  };
}
