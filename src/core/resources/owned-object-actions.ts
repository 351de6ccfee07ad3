import {
  ordinalLabel,
  roleLabel,
  templateHashAnnotation,
  templateMeaningAnnotation,
} from '../../api/labels.ts';
import type { Action, InheritedNames } from '../model/action.ts';
import { desiredBudget, desiredService, desiredSlices, inFamily } from './owned-objects.ts';
import type { Manifest } from '../model/manifest.ts';
import { isLive } from '../model/member.ts';
import {
  type ServiceRole,
  podName,
  selectorLabels,
  serviceNames,
  serviceRoles,
} from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import type { GivenNames } from '../model/found-objects.ts';
import { growths, templateOf } from './claim-sizes.ts';
import { desiredPod, isFromTemplate, templateAnnotations } from './pod.ts';
import { deletesClaims } from './volume-claims.ts';
import { inheritedBy, namesToRemove, withNames } from './given-names.ts';
import type { Removal } from '../model/action.ts';
import { isActive, roleOf } from '../model/topology.ts';

/**
 * The actions that bring Services, slices and the disruption budget to what they should be.
 *
 * @param endpoints the members behind each Service; undefined: unchanged
 * @param readsMayWait whether the slices for reads are better written a moment later
 */
export function ensureOwnedObjects(
  resource: Resource,
  observed: Observed,
  endpoints: Record<ServiceRole, Member[] | undefined>,
  readsMayWait: boolean,
): Action[] {
  const names = serviceNames(resource.name);
  const slices = new Set<string>();
  const free = (role: ServiceRole) => observed.services[names[role]]?.ours !== false;
  const ensure = (manifest: Manifest) => ({ type: 'EnsureOwnedObject', manifest }) as const;
  const slice = (role: ServiceRole): Action[] => {
    const members = endpoints[role];
    if (members === undefined || !free(role)) return [];
    const manifests = desiredSlices(resource, role, members, observed.ipv6);
    return manifests.map((manifest, i) => {
      slices.add(manifest.metadata.name);
      if (role === 'write' && i === 0) {
        const to = inFamily(members, observed.ipv6).map(({ uid }) => uid);
        return { type: 'Repoint', manifest, to };
      }
      return readsMayWait ? { ...ensure(manifest), mayWait: true } : ensure(manifest);
    });
  };
  const actions: Action[] = [];
  // The write slice first: kube-proxy applies whatever follows it in its next round.
  actions.push(...slice('write'));
  for (const role of serviceRoles) {
    if (free(role)) actions.push(ensure(desiredService(resource, role)));
  }
  // After the Services: Kubernetes would create them again as long as a Service has a selector.
  for (const foreign of observed.foreignEndpoints) {
    actions.push({ type: 'DeleteForeignEndpoints', endpoints: foreign });
  }
  actions.push(...slice('read'), ...slice('all'), ...slice('members'));
  for (const additional of observed.additionalSlices) {
    const members = endpoints[additional.role];
    if (members === undefined || slices.has(additional.name)) continue;
    // Not before another slice has those members that are to stay: its write may wait, or fail.
    const staying = additional.uids.filter((uid) => members.some((member) => member.uid === uid));
    const elsewhere = observed.additionalSlices
      .filter(({ role, name }) => role === additional.role && slices.has(name))
      .flatMap(({ uids }) => uids)
      .concat(additional.usual);
    if (!staying.every((uid) => elsewhere.includes(uid))) continue;
    actions.push({ type: 'DeleteForeignEndpoints', endpoints: additional });
  }
  actions.push(ensure(desiredBudget(resource)));
  return actions;
}

const firstRole = (resource: Resource) => (isActive(resource) ? 'active' : 'standby');

/** Takes over the pods of an earlier resource of this name. */
export const adoptPods = ({ foreignPods }: Observed): Action[] =>
  foreignPods.flatMap(({ name, orphanUid: uid }): Action[] =>
    uid === undefined ? [] : [{ type: 'AdoptPod', pod: { name, uid } }],
  );

export const createPod = (
  resource: Resource,
  ordinal: number,
  zone: string | undefined,
  members: readonly Member[],
): Action => ({
  type: 'CreatePod',
  manifest: desiredPod(resource, ordinal, firstRole(resource), zone, members),
});

export function removePod(
  resource: Resource,
  removal: Removal,
  members: readonly Member[],
): Action {
  if (removal.reason !== 'Outdated') return { type: 'DeletePod', removal };
  const { ordinal } = removal.member;
  const replacement = desiredPod(resource, ordinal, firstRole(resource), undefined, members);
  return { type: 'DeletePod', removal, replacement };
}

/** The claims of members: larger, if the spec asks for that, and with what they inherit of the HAService. */
export function correctClaims(resource: Resource, observed: Observed): Action[] {
  const grown = growths(resource, observed).map(({ claim, wanted }): Action => ({
    type: 'GrowClaim',
    claim,
    size: wanted,
  }));
  const labelled = observed.claims.flatMap((claim): Action[] => {
    const template = templateOf(resource, podName(resource.name, claim.ordinal), claim.name);
    if (template === undefined || !claim.isBound) return [];
    const inherited = inheritedNames(resource, claim.given, template.metadata);
    return inherited === undefined ? [] : [{ type: 'LabelClaim', claim, inherited }];
  });
  const owned = deletesClaims(resource)
    ? observed.claims
        .filter((claim) => claim.isBound && claim.isOwned !== true)
        .map((claim): Action => ({ type: 'OwnClaim', claim, isOwned: true }))
    : [];
  return [...grown, ...labelled, ...owned];
}

/**
 * Claims that are no longer to be deleted with the HAService: of a template that is gone, too, and before they have a volume. Also while
 * the service is paused or being deleted, as their data would be lost with it against the word of the user.
 */
export const keepClaims = (resource: Resource, { ownedClaims = [] }: Observed): Action[] =>
  deletesClaims(resource)
    ? []
    : ownedClaims.map((claim) => ({ type: 'OwnClaim', claim, isOwned: false }));

/** What is missing or wrong on an object of that which it inherits of the HAService; null: the object inherits that no more. */
function inheritedNames(
  resource: Resource,
  given: GivenNames | undefined,
  template: unknown,
): InheritedNames | undefined {
  const metadata = withNames(inheritedBy(resource, template), {});
  const removed = namesToRemove({ metadata }, given);
  const wrong = (field: 'labels' | 'annotations') =>
    Object.fromEntries(
      Object.entries({ ...removed?.[field], ...metadata[field] }).filter(
        ([name, value]) => (given?.[field]?.[name] ?? null) !== value,
      ),
    );
  const names = { labels: wrong('labels'), annotations: wrong('annotations') };
  const isRight = Object.keys({ ...names.labels, ...names.annotations }).length === 0;
  return isRight ? undefined : names;
}

/** Corrects labels that are missing or wrong, roles included. */
export function relabel(resource: Resource, members: Member[]): Action[] {
  return members.filter(isLive).flatMap((member): Action[] => {
    // Before the first election the label says who led an earlier resource of this name.
    const isUndecided = !isActive(resource) && resource.status.primaryUID === undefined;
    const knownRole = isUndecided ? member.labels[roleLabel] : undefined;
    const labels: Record<string, string> = {
      ...selectorLabels(resource.name),
      [ordinalLabel]: String(member.ordinal),
      [roleLabel]: knownRole ?? roleOf(resource, member),
    };
    const inherited = inheritedNames(resource, member.given, resource.spec.template.metadata);
    const same = Object.entries(labels).every(([key, value]) => member.labels[key] === value);
    if (same && inherited === undefined) return [];
    return [
      { type: 'LabelPod', member, labels, ...(inherited === undefined ? {} : { inherited }) },
    ];
  });
}

/**
 * Says on each pod that is not outdated that it is as the present text of the template. So the next edit that means the same is known as
 * one, also if an earlier version of the operator has made the pod or another version finds other texts to mean the same.
 */
export function annotateTemplate(resource: Resource, members: Member[]): Action[] {
  const { spec } = resource;
  const annotations = templateAnnotations(spec);
  return members.filter(isLive).flatMap((member): Action[] => {
    const same =
      member.templateHash === annotations[templateHashAnnotation] &&
      member.templateMeaning === annotations[templateMeaningAnnotation];
    return same || !isFromTemplate(spec, member)
      ? []
      : [{ type: 'AnnotatePod', member, annotations }];
  });
}
