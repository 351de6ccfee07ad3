import {
  contractAnnotation,
  nameLabel,
  ordinalLabel,
  restartAnnotation,
  roleLabel,
  templateHashAnnotation,
  templateMeaningAnnotation,
} from '../../api/labels.ts';
import type { Spec } from '../../api/spec.ts';
import { inheritedBy, withNames } from './given-names.ts';
import { agentConfig, evictableVolumes, installResources, withAgent } from './agent-pod.ts';
import { templateMeaning } from './template-meaning.ts';
import { podVolumes } from './volume-claims.ts';
import { canonicalJson, fnv1a } from '../../lib/hash.ts';
import { usesAgent } from '../model/capabilities.ts';
import { type Manifest, ownerReference } from '../model/manifest.ts';
import { namedProgram } from '../model/program.ts';
import { isUpdateHeldBack, restartAskedAt } from '../model/restart.ts';
import { podName, selectorLabels } from '../model/naming.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { contractOf, hasOtherContract } from '../model/contact.ts';
import { type Unstructured, asList, asUnstructured } from '../model/unstructured.ts';

/**
 * Seconds that a pod stays bound to a node that is not ready or unreachable. Kubernetes' default is 300 s, far too
 * long for a lost node; 5 s still tolerates a node that is not ready for a moment.
 */
const lostNodeSeconds = 5;

/** Node label that names the node. */
const nodeKey = 'kubernetes.io/hostname';

/** Every part of a decision needs the hash of the same spec, and specs are never changed in place. */
const hashes = new WeakMap<Spec, string>();

/**
 * A hash of everything in the spec that a pod is created from, as it is written: a pod with another hash is outdated, unless it was
 * made from another text of the same meaning. Pods of earlier versions have this hash alone, and so it must never change. The agent's image is not part
 * of it, so that a new operator does not restart every database; a pod keeps the agent of the operator that created it, and the
 * member protocol must stay compatible.
 */
export function templateHash(spec: Spec): string {
  let hash = hashes.get(spec);
  if (hash === undefined) {
    const { template, placement, volumeClaimTemplates } = spec;
    const volumes = volumeClaimTemplates.map(({ metadata }) => metadata.name);
    const made = {
      template,
      zones: placement.zones,
      nodes: placement.nodes,
      // Only if there are any: pods that were created before these fields existed keep their hash.
      ...(volumes.length > 0 ? { volumes } : {}),
      ...(usesAgent(spec)
        ? { agent: agentConfig(spec), ...namedProgram(spec), ...installResources(spec) }
        : {}),
    };
    hash = fnv1a(canonicalJson(made));
    hashes.set(spec, hash);
  }
  return hash;
}

/** With the hash of the text beside it: if somebody changes that annotation, the pod is replaced, as it always was. */
const meaningOf = (hash: string, spec: Spec) => `${hash}/${templateMeaning(spec)}`;

/** The pod was made from the present template, or from another text that means the same. */
export const isFromTemplate = (
  spec: Spec,
  { templateHash: hash, templateMeaning: meaning }: Member,
) =>
  hash === templateHash(spec) ||
  (hash !== undefined && meaning !== undefined && meaning === meaningOf(hash, spec));

/** What a pod that is not outdated says of its template. */
export const templateAnnotations = (spec: Spec): Record<string, string> => ({
  [templateHashAnnotation]: templateHash(spec),
  [templateMeaningAnnotation]: meaningOf(templateHash(spec), spec),
});

/** Why a pod is replaced in a rolling update, in a clause for a person; undefined if it was made from the present spec. */
export function whyOutdated(
  { spec, status }: Pick<Resource, 'spec' | 'status'>,
  member: Member,
): string | undefined {
  if (!isFromTemplate(spec, member)) return 'the pod template has changed';
  if (hasOtherContract(spec, member)) {
    return 'spec.engine or spec.ports has changed: the pod is reached and asked as it was made until then';
  }
  const askedAt = restartAskedAt(status, member);
  return askedAt === undefined ? undefined : `a restart was asked for at ${askedAt}`;
}

export const isOutdated = (resource: Pick<Resource, 'spec' | 'status'>, member: Member): boolean =>
  whyOutdated(resource, member) !== undefined;

/** It is outdated, and no blackout holds its update back. */
export const isUpdateDue = (
  resource: Pick<Resource, 'spec' | 'status'>,
  observed: Pick<Observed, 'changeTimes'>,
  member: Member,
): boolean => isOutdated(resource, member) && !isUpdateHeldBack(resource, observed, member);

function spread(spec: Spec, labels: Record<string, string>): Unstructured {
  const { topologyKey, minZones, whenUnsatisfiable } = spec.placement.zones;
  const strict = whenUnsatisfiable === 'DoNotSchedule';
  return {
    maxSkew: 1,
    topologyKey,
    whenUnsatisfiable,
    // A lost zone must not prevent the members that replace its own.
    nodeTaintsPolicy: 'Honor',
    // The API server allows minDomains with DoNotSchedule alone.
    ...(strict && minZones !== undefined ? { minDomains: minZones } : {}),
    labelSelector: { matchLabels: labels },
  };
}

/**
 * The constraints of the template, and ours if none of them is for the same key: two for one key are refused by the API server, and the
 * user's word is the more precise one. One without a selector would count no pod: it counts the members.
 */
function spreads(
  spec: Spec,
  labels: Record<string, string>,
  given: readonly Unstructured[],
): Unstructured[] {
  const users = given.map((each): Unstructured => ({
    ...each,
    labelSelector: each['labelSelector'] ?? { matchLabels: labels },
  }));
  const own = spread(spec, labels);
  const isReplaced = users.some((each) => each['topologyKey'] === own['topologyKey']);
  return isReplaced ? users : [...users, own];
}

/** @param isNodeSpread the template itself says how the members are spread over nodes: then they need not prefer nodes of their own */
function affinity(
  spec: Spec,
  labels: Record<string, string>,
  given: unknown,
  isNodeSpread: boolean,
): Unstructured {
  if (isNodeSpread && spec.placement.nodes === 'Preferred') return asUnstructured(given);
  const term = { topologyKey: nodeKey, labelSelector: { matchLabels: labels } };
  const anti = asUnstructured(asUnstructured(given)['podAntiAffinity']);
  const [field, entry] =
    spec.placement.nodes === 'Required'
      ? ['requiredDuringSchedulingIgnoredDuringExecution', term]
      : ['preferredDuringSchedulingIgnoredDuringExecution', { weight: 100, podAffinityTerm: term }];
  return {
    ...asUnstructured(given),
    podAntiAffinity: { ...anti, [field]: [...asList(anti[field]), entry] },
  };
}

function tolerations(given: unknown): Unstructured[] {
  const own = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'].map((key) => ({
    key,
    operator: 'Exists',
    effect: 'NoExecute',
    tolerationSeconds: lostNodeSeconds,
  }));
  const users = asList(given);
  return [...users, ...own.filter(({ key }) => !users.some((user) => user['key'] === key))];
}

/**
 * The pod of an ordinal, as it is created beside `members`, in `zone` if that is given. Everything in the user's template stays, except names and
 * labels of the operator, and what the agent replaces.
 */
export function desiredPod(
  resource: Resource,
  ordinal: number,
  role: string,
  zone?: string,
  members: readonly Member[] = [],
): Manifest {
  const { spec, status } = resource;
  const template = spec.template;
  const restartedFor = status.restart?.lastRequest;
  const selector = selectorLabels(resource.name);
  const spreadLabels = { [nameLabel]: resource.name };
  const metadata = asUnstructured(template.metadata);
  const podSpec = asUnstructured(template.spec);
  const name = podName(resource.name, ordinal);
  const constraints = asList(podSpec['topologySpreadConstraints']);
  const isNodeSpread = constraints.some(({ topologyKey }) => topologyKey === nodeKey);
  const hasClaims = spec.volumeClaimTemplates.length > 0;
  const inherited = withNames(inheritedBy(resource, metadata), {});
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: resource.namespace,
      labels: {
        ...inherited.labels,
        ...(asUnstructured(metadata['labels']) as Record<string, string>),
        ...selector,
        [ordinalLabel]: String(ordinal),
        [roleLabel]: role,
      },
      annotations: {
        ...inherited.annotations,
        ...(asUnstructured(metadata['annotations']) as Record<string, string>),
        ...evictableVolumes(spec, asUnstructured(metadata['annotations'])),
        ...templateAnnotations(spec),
        ...(restartedFor === undefined ? {} : { [restartAnnotation]: restartedFor }),
        [contractAnnotation]: JSON.stringify(contractOf(spec)),
      },
      ownerReferences: [ownerReference(resource)],
    },
    spec: withAgent(
      resource,
      {
        ...podSpec,
        ...(hasClaims ? { volumes: podVolumes(spec, name, asList(podSpec['volumes'])) } : {}),
        ...(zone === undefined
          ? {}
          : {
              nodeSelector: {
                ...asUnstructured(podSpec['nodeSelector']),
                [spec.placement.zones.topologyKey]: zone,
              },
            }),
        affinity: affinity(spec, spreadLabels, podSpec['affinity'], isNodeSpread),
        tolerations: tolerations(podSpec['tolerations']),
        topologySpreadConstraints: spreads(spec, spreadLabels, constraints),
      },
      members,
    ),
  };
}
