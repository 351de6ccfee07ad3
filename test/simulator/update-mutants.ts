import { decide } from '../../src/core/decide.ts';
import type { Decision } from '../../src/core/model/decision.ts';
import { isLive } from '../../src/core/model/member.ts';
import type { Member, Observed, Resource } from '../../src/core/model/observed.ts';

/** Another text of the template is another template. */
export function replacesForText(): typeof decide {
  let text: string | undefined;
  return (resource, observed, nowMs) => {
    const decision = decide(resource, observed, nowMs);
    const now = JSON.stringify(resource.spec.template);
    const isNew = text !== undefined && text !== now;
    text = now;
    const isStandby = (each: Member) => each.uid !== resource.status.primaryUID && isLive(each);
    const member = observed.members.find(isStandby);
    if (!isNew || member === undefined || decision.commit !== undefined) return decision;
    const removal = { member, reason: 'Outdated' as const, note: 'its text is another' };
    return { ...decision, actions: [...decision.actions, { type: 'DeletePod', removal }] };
  };
}

/** For a restart the primary gives up its role first. */
export function restartsPrimaryFirst(
  resource: Resource,
  observed: Observed,
  nowMs: number,
): Decision {
  const { restart, primaryUID } = resource.status;
  const asked = restart?.lastRequest;
  if (asked === undefined) return decide(resource, observed, nowMs);
  const primary = observed.members.find(({ uid }) => uid === primaryUID);
  const isLeft = primary !== undefined && primary.createdAtMs < Date.parse(asked);
  const members = observed.members.map((member) =>
    isLeft && member !== primary ? { ...member, restartedFor: asked } : member,
  );
  return decide(resource, { ...observed, members }, nowMs);
}
