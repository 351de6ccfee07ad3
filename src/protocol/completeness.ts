import type { MemberReport } from './member-protocol.ts';

type Told = Pick<MemberReport, 'state' | 'durable' | 'position'>;

/** States of a member that does not hold all that it has ever acknowledged. */
export type IncompleteState = Extract<MemberReport['state'], 'Empty' | 'Starting' | 'Cloning'>;

export const isIncompleteState = (state: MemberReport['state']): state is IncompleteState =>
  state === 'Empty' || state === 'Starting' || state === 'Cloning';

/**
 * The member was restarted before its data were on its disk, so that its data may be older than what it has acknowledged: not durable,
 * and no known position.
 */
export const reportsOldData = ({ durable, position }: Told): boolean =>
  durable === false && position === undefined;

/**
 * The running process has all that the member has ever acknowledged. The operator and the readiness of the pod decide by it: a budget
 * and a drain must not take a copy that is still being made for a good one. Whether the member is linked to its leader does not
 * count: otherwise the death of a primary would make every follower unready.
 */
export const reportsAllData = (report: Told): boolean =>
  !reportsOldData(report) && !isIncompleteState(report.state);
