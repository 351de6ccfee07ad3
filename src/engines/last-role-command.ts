import type { Order } from '../protocol/member-protocol.ts';
import type { EngineReport } from './managed-engine.ts';

/** The last role command of a program that cannot report its role. */
export type LastRoleCommand =
  | { kind: 'none' }
  | { kind: 'promote'; order: Order<'promote'> }
  | { kind: 'follow'; order: Order<'follow'> };

/** The role that follows from the last role command. */
export function roleOf(last: LastRoleCommand): EngineReport {
  switch (last.kind) {
    case 'none':
      return { state: 'Detached' };
    case 'promote':
      return { state: 'Leading' };
    case 'follow':
      return { state: 'Following', leader: last.order.leader.member };
  }
}
