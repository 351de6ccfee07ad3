import { knowsItsProgram } from '../../protocol/agent-config.ts';
import type { MemberReport, ReplicationPassword } from '../../protocol/member-protocol.ts';
import { countsByName } from './capabilities.ts';
import type { Member, Resource } from './observed.ts';

/**
 * The password that every member says that it accepts, by its id. Undefined as long as one of them has another, or has said nothing:
 * the others then go on accepting the former password, too.
 */
export function sharedPassword(
  { spec }: Pick<Resource, 'spec'>,
  reports: readonly (MemberReport | undefined)[],
): string | undefined {
  const ids = new Set(reports.map((report) => report?.password?.id));
  const [id] = ids;
  return ids.size === 1 && reports.length >= spec.replicas ? id : undefined;
}

/**
 * The password with which the members of a Postgres replicate; undefined: the program has no such password. By the contracts, as a
 * member that is silent may come back, and could not follow any more. A new member accepts both.
 */
export function replicationPassword(
  { spec }: Pick<Resource, 'spec'>,
  members: readonly Pick<Member, 'contract'>[],
): ReplicationPassword | undefined {
  // A leader that counts any replica has a user for that, see orderedSet.
  if (!knowsItsProgram(spec) || !countsByName(spec)) return undefined;
  return members.every(({ contract }) => contract?.replicationUser === true) ? 'own' : 'service';
}

/** A changed password that not every member has taken over yet, in words; undefined if there is none. */
export function passwordProgress(members: readonly Member[]): string | undefined {
  const said = members.map(({ name, health }) => {
    const report = health?.report;
    return { name, report, password: report?.password };
  });
  const changing = said.filter(({ password }) => password?.former === true);
  if (changing.length === 0) return undefined;
  const ids = new Set(said.map(({ password }) => password?.id));
  if (ids.size === 1) return 'the former password of the database is being retired';
  const waiting = said.flatMap(({ name, password, report }) => {
    if (password !== undefined) return [];
    if (report === undefined) return [`${name} has not answered yet`];
    if (report.state === 'Starting') return [`${name} is starting`];
    // Each member of this version says which password it has as soon as its program runs.
    return [
      `${name} does not say which password it has: if the pod is of an earlier version of the operator, delete the pod, so that a new one gets the password`,
    ];
  });
  if (waiting.length === 0) waiting.push('the kubelets bring it to the pods within two minutes');
  return `the password of the database is being changed, and members accept the former one, too, until all have the new one: ${waiting.join('; ')}`;
}
