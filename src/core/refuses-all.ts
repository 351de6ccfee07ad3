import { highestAdopted } from '../api/epoch.ts';
import { reportOf } from './member.ts';
import type { Member } from './observed.ts';

/**
 * Whether it has obeyed an epoch so high that this service takes it over from nobody: somebody else has given it an order. It
 * refuses all that the service can tell it, until what it keeps of its epoch is removed, and must hold up no other until then.
 * An epoch that the status names is the service's own, however high.
 */
export function refusesAll(member: Member, epoch: number | undefined): boolean {
  const obeyed = reportOf(member)?.epoch ?? 0;
  return obeyed > highestAdopted && obeyed > (epoch ?? 0);
}
