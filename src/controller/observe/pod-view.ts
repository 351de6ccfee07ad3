import {
  appliedAnnotation,
  chaosDisabled,
  chaosLabel,
  completeCondition,
  contractAnnotation,
  managedByLabel,
  nameLabel,
  ordinalLabel,
  restartAnnotation,
  roleLabel,
  templateHashAnnotation,
  templateMeaningAnnotation,
} from '../../api/labels.ts';
import { podContractSchema } from '../../api/pod-contract.ts';
import type { Made } from '../../core/model/contact.ts';
import { agentOf } from '../../core/resources/agent-settings.ts';
import { podKeepsData } from '../../core/resources/kept-data.ts';
import { ordinalOf } from '../../core/model/naming.ts';
import type { Member } from '../../core/model/observed.ts';
import type { Node, Pod } from '../../kube/api-types.ts';
import { hasTerminated, lastEndOf, preparingOf, waitingOf } from './container-view.ts';

const ownLabels = [nameLabel, managedByLabel, ordinalLabel, roleLabel];

export const isNodeReady = (node: Node | undefined): boolean =>
  node?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ??
  false;

/** Nothing if there is none. Somebody may have changed it into something else. */
function contractIn(text: string | undefined): Pick<Member, 'contract' | 'isContractBroken'> {
  if (text === undefined) return {};
  try {
    const { success, data } = podContractSchema.safeParse(JSON.parse(text));
    return success ? { contract: data } : { isContractBroken: true };
  } catch {
    return { isContractBroken: true };
  }
}

type MadeAs = Made & Pick<Member, 'isContractBroken' | 'keepsData'>;

/** A cached pod is never changed in place: each version of it is read once. */
const made = new WeakMap<Pod, MadeAs>();

/** How the pod was made. The annotation says more than the settings of the agent do. */
function madeAs(pod: Pod): MadeAs {
  let known = made.get(pod);
  if (known === undefined) {
    const agent = agentOf(pod.spec ?? {});
    const annotation = contractIn(pod.metadata?.annotations?.[contractAnnotation]);
    const contract =
      annotation.contract === undefined
        ? agent.contract
        : { ...agent.contract, ...annotation.contract };
    known = {
      ...agent,
      ...annotation,
      ...(contract === undefined ? {} : { contract }),
      ...(podKeepsData(pod.metadata?.name ?? '', pod.spec ?? {}) ? { keepsData: true } : {}),
    };
    made.set(pod, known);
  }
  return known;
}

/** Taints by which an autoscaler says that it is about to remove a node, or the cloud that the machine is being shut down. */
const removalTaints = [
  'karpenter.sh/disrupted',
  'karpenter.sh/disruption',
  'ToBeDeletedByClusterAutoscaler',
  'node.cloudprovider.kubernetes.io/shutdown',
];

function leavesNode(node: Node | undefined): Pick<Member, 'leavesNode'> {
  const { unschedulable, taints = [] } = node?.spec ?? {};
  const name = node?.metadata?.name ?? '';
  const taint = taints.find(({ key }) => removalTaints.includes(key));
  if (taint !== undefined) return { leavesNode: `its node ${name} has the taint ${taint.key}` };
  return unschedulable === true ? { leavesNode: `its node ${name} is cordoned` } : {};
}

/** Such as an eviction. The container runtime and others write long messages. */
function endedFor({ status }: Pod): Pick<Member, 'endedFor'> {
  const { phase, reason, message } = status ?? {};
  if (phase !== 'Failed' || !reason) return {};
  return { endedFor: [reason, ...(message ? [message] : [])].join(': ').slice(0, 300) };
}

function givenTo({ metadata }: Pod, inherits: boolean): Pick<Member, 'given'> {
  const { labels, annotations } = metadata ?? {};
  const isGiven = inherits || annotations?.[appliedAnnotation] !== undefined;
  return isGiven ? { given: { labels, annotations } } : {};
}

/**
 * A pod as the core sees it. `undefined` if its name is not one that this resource gives.
 *
 * @param resource `zone`: the zone that the template itself requires.
 */
export function toMember(
  resource: { name: string; topologyKey: string; zone?: string | undefined; inherits?: boolean },
  pod: Pod,
  node: Node | undefined,
): Member | undefined {
  const { metadata, spec, status } = pod;
  const ordinal = ordinalOf(resource.name, metadata?.name ?? '');
  if (metadata?.name === undefined || metadata.uid === undefined || ordinal === undefined) {
    return undefined;
  }
  const condition = (type: string) => status?.conditions?.find((entry) => entry.type === type);
  const scheduled = condition('PodScheduled');
  const readiness = condition('Ready');
  const complete = condition(completeCondition)?.status;
  const hasGate = spec?.readinessGates?.some(
    ({ conditionType }) => conditionType === completeCondition,
  );
  const unready = readiness?.status === 'False' ? readiness : undefined;
  const unreadySinceMs = Date.parse(unready?.lastTransitionTime ?? '');
  const waiting = waitingOf(pod);
  const lastEnd = lastEndOf(pod);
  const preparing = preparingOf(pod);
  const setUp = condition('PodReadyToStartContainers');
  const notSetUpSinceMs = Date.parse(
    setUp?.status === 'False' && status?.phase === 'Pending'
      ? (setUp.lastTransitionTime ?? '')
      : '',
  );
  const zone = node?.metadata?.labels?.[resource.topologyKey];
  const required = spec?.nodeSelector?.[resource.topologyKey];
  const pinnedTo = required === resource.zone ? undefined : required;
  const hash = metadata.annotations?.[templateHashAnnotation];
  const meaning = metadata.annotations?.[templateMeaningAnnotation];
  const restartedFor = metadata.annotations?.[restartAnnotation];
  const labels = Object.fromEntries(
    ownLabels.flatMap((label) => {
      const value = metadata.labels?.[label];
      return value === undefined ? [] : [[label, value]];
    }),
  );
  return {
    name: metadata.name,
    uid: metadata.uid,
    ordinal,
    labels,
    ...(status?.podIP ? { ip: status.podIP } : {}),
    ...(spec?.nodeName ? { node: spec.nodeName } : {}),
    ...(zone === undefined ? {} : { zone }),
    nodeReady: isNodeReady(node),
    ...leavesNode(node),
    phase: status?.phase ?? 'Pending',
    ...endedFor(pod),
    ready: readiness?.status === 'True',
    ...(Number.isFinite(unreadySinceMs) ? { unreadySinceMs } : {}),
    ...(hasGate === true
      ? { completeGate: complete === 'True' || complete === 'False' ? complete : 'Unset' }
      : {}),
    createdAtMs: Date.parse(metadata.creationTimestamp ?? ''),
    ...(metadata.deletionTimestamp === undefined
      ? {}
      : { deletionAtMs: Date.parse(metadata.deletionTimestamp) }),
    ...(hash === undefined ? {} : { templateHash: hash }),
    ...(meaning === undefined ? {} : { templateMeaning: meaning }),
    ...(restartedFor === undefined ? {} : { restartedFor }),
    ...(hasTerminated(pod) ? { terminated: true } : {}),
    ...madeAs(pod),
    ...(pinnedTo === undefined ? {} : { pinnedTo }),
    ...(metadata.labels?.[chaosLabel] === chaosDisabled ? { isOptedOut: true } : {}),
    ...givenTo(pod, resource.inherits === true),
    ...(waiting === undefined ? {} : { waiting }),
    ...(lastEnd === undefined ? {} : { lastEnd }),
    ...(preparing === undefined ? {} : { preparing }),
    ...(Number.isFinite(notSetUpSinceMs) ? { notSetUpSinceMs } : {}),
    ...(scheduled?.status === 'False' && scheduled.reason === 'Unschedulable'
      ? { unschedulable: scheduled.message ?? 'no node fits' }
      : {}),
  };
}
