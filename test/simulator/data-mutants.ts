import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/model/decision.ts';
import { reportOf } from '../../src/core/model/member.ts';
import type { Member, Observed, Resource } from '../../src/core/model/observed.ts';
import type { MemberReport } from '../../src/protocol/member-protocol.ts';

type Decide = typeof decide;
type Change<T> = (value: T) => T;

/** Decides as it should, but about members that `change` has made something else of. */
const seeing =
  (change: Change<Member>): Decide =>
  (resource, observed, nowMs) =>
    decide(resource, { ...observed, members: observed.members.map(change) }, nowMs);

/** The same of what members report. */
const hearing = (change: Change<MemberReport>): Decide =>
  seeing((member) => {
    const { health } = member;
    if (health?.report === undefined) return member;
    return { ...member, health: { ...health, report: change(health.report) } };
  });

/** A member is reached where the spec of this minute says, and not as its pod was made. */
export const followsSpec = seeing(({ contract: _contract, ...member }) => member);

/** A member without data, or in the middle of a copy, counts as one that holds a little. */
export const countsIncomplete = hearing((report) => ({
  ...report,
  state: report.state === 'Empty' || report.state === 'Cloning' ? 'Detached' : report.state,
  position: report.position ?? { term: 0, offset: 0 },
}));

/** Whoever has data has the newest. */
export const ignoresPositions = hearing(({ position, ...report }) => ({
  ...report,
  ...(position === undefined ? {} : { position: { term: 0, offset: 0 } }),
}));

/** What is in memory alone counts as written. */
export const trustsMemory = hearing(({ durable: _durable, ...report }) => report);

/** Before there is a primary, whoever has not been heard yet is not waited for, and neither are volumes of before. */
export function beginsUnheard(resource: Resource, observed: Observed, nowMs: number): Decision {
  const { spec, status } = resource;
  const members = observed.members.filter((member) => reportOf(member) !== undefined);
  if (status.primary !== undefined || spec.replicas === 0 || members.length === 0) {
    return decide(resource, observed, nowMs);
  }
  const claims = observed.claims.map((claim) => ({ ...claim, madeFor: resource.uid }));
  const few = { ...resource, spec: { ...spec, replicas: members.length } };
  return decide(few, { ...observed, members, claims }, nowMs);
}
