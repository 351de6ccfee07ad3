import { roleLabel } from '../api/labels.ts';
import { hasEnded, isHealthy, isLive, whyUnhealthy } from './member.ts';
import type { HookState, Member } from './observed.ts';

export interface ElectionContext {
  /** Zone of the member that failed. */
  failedZone?: string | undefined;
  operatorZone?: string | undefined;
  /** Hash of the wished-for template: members made from it go first. */
  templateHash: string;
  hooks: HookState[];
  /** Where the status does not know the primary any more: whether one labelled so goes first. */
  keepLabelled?: boolean;
  /** Only this pod may be elected, where nobody allowed another (failover.automatic: false). */
  onlyName?: string | undefined;
}

/** Failures of promote calls after which another member is tried, while there is one. */
export const promoteAttempts = 3;

export interface Rejection {
  pod: string;
  why: string;
}

function whyNot(member: Member, context: ElectionContext): string | undefined {
  if (context.onlyName !== undefined && member.name !== context.onlyName) {
    return 'is another pod, and failover.automatic is false';
  }
  if (!isLive(member) || hasEnded(member) || !isHealthy(member)) return whyUnhealthy(member);
  return undefined;
}

/** How often its promotion has failed in its present life. */
export const promoteFailures = (member: Member, hooks: HookState[]) =>
  hooks.find(
    (hook) =>
      hook.action === 'promote' &&
      hook.uid === member.uid &&
      hook.generation === (member.health?.generation ?? 0),
  )?.failures ?? 0;

/**
 * Chooses the next primary. Eligible is who is heard right now; readiness does not count, since standbys often
 * turn unready because the primary died. Order: one whose promotion has not just failed, the one that was primary (where
 * the status was lost), the wished-for template, one that has missed no heartbeat (what silenced the primary may have silenced its neighbours), a node that
 * is Ready, outside the failed primary's zone, outside the operator's own zone (so that one lost zone cannot take
 * both), lowest ordinal.
 */
export function elect(
  members: Member[],
  context: ElectionContext,
): { winner?: Member; rejected: Rejection[] } {
  const rejected: Rejection[] = [];
  const eligible: Member[] = [];
  for (const member of members) {
    const why = whyNot(member, context);
    if (why === undefined) eligible.push(member);
    else rejected.push({ pod: member.name, why });
  }
  const rank = (member: Member): number[] => [
    promoteFailures(member, context.hooks) >= promoteAttempts ? 1 : 0,
    context.keepLabelled === true && member.labels[roleLabel] === 'primary' ? 0 : 1,
    member.templateHash === context.templateHash ? 0 : 1,
    member.health?.verdict === 'Suspect' ? 1 : 0,
    member.nodeReady ? 0 : 1,
    inZone(member, context.failedZone),
    inZone(member, context.operatorZone),
    member.ordinal,
  ];
  eligible.sort((a, b) => compare(rank(a), rank(b)));
  const winner = eligible[0];
  return winner === undefined ? { rejected } : { winner, rejected };
}

const inZone = (member: Member, zone: string | undefined) =>
  zone !== undefined && member.zone === zone ? 1 : 0;

function compare(a: number[], b: number[]): number {
  for (let i = 0; i < a.length; i++) {
    const difference = (a[i] ?? 0) - (b[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

export const describeRejections = (rejected: Rejection[]): string =>
  rejected.length === 0
    ? 'there is no other member'
    : rejected.map(({ pod, why }) => `${pod} ${why}`).join(', ');
