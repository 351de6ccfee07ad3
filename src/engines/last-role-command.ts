import type { Order } from '../protocol/member-protocol.ts';
import type { EngineReport } from './managed-engine.ts';

/** What a program that cannot say its role was told last. */
export type LastRoleCommand =
  | { kind: 'none' }
  | { kind: 'promote'; order: Order<'promote'> }
  | { kind: 'follow'; order: Order<'follow'> };

/** Its role, by what it was told. */
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
