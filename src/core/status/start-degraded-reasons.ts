import { agentVolume } from '../../protocol/agent-config.ts';
import { isHealthy } from '../model/member.ts';
import {
  describeEnd,
  endsAgainUntilMs,
  namesOomKill,
  isOomKilled,
  limitField,
} from '../model/container-end.ts';
import type { ContainerEnd } from '../model/container-state.ts';
import type { Degradation } from '../model/fault.ts';
import type { Member, Resource } from '../model/observed.ts';
import { asUnstructured } from '../model/unstructured.ts';
import { schedulerAdvice } from './scheduler-advice.ts';
import { cut } from './write-failures.ts';

/** How long the kubelet may set up volumes and network before that is told: a volume may have to be attached. Milliseconds. */
const setUpMs = 20_000;

/** The command that creates a Secret or ConfigMap which a container needs. */
function createCommand({ spec, namespace }: Resource, kind: string, name: string, key?: string) {
  const isSecret = kind.toLowerCase() === 'secret';
  const keys = new Set(key === undefined ? keysOf(spec.template.spec, isSecret, name) : [key]);
  const { passwordSecret } = spec.engine;
  if (isSecret && passwordSecret?.name === name) keys.add(passwordSecret.key);
  const value = isSecret ? '$(openssl rand -hex 16)' : 'VALUE';
  const literals = [...(keys.size === 0 ? ['KEY'] : keys)].map(
    (each) => ` --from-literal=${each}=${each === 'KEY' ? 'VALUE' : value}`,
  );
  return `\`kubectl create ${isSecret ? 'secret generic' : 'configmap'} ${name} -n ${namespace}${literals.join('')}\``;
}

/** The keys that the variables of the containers take from it. */
function keysOf(podSpec: unknown, isSecret: boolean, name: string): string[] {
  const { containers, initContainers } = asUnstructured(podSpec);
  return [...listOf(containers), ...listOf(initContainers)]
    .flatMap((container) => listOf(container['env']))
    .flatMap(({ valueFrom }) => {
      const from = asUnstructured(valueFrom);
      const ref = asUnstructured(from[isSecret ? 'secretKeyRef' : 'configMapKeyRef']);
      return ref['name'] === name && typeof ref['key'] === 'string' ? [ref['key']] : [];
    });
}

const listOf = (value: unknown) => (Array.isArray(value) ? value : []).map(asUnstructured);

/** What the kubelet says of a Secret or ConfigMap that is missing, or lacks a key. */
function configAdvice(resource: Resource, message: string): string | undefined {
  const missing = /\b(secret|configmap) "([^"]+)" not found/i.exec(message);
  if (missing !== null) return createCommand(resource, missing[1] ?? '', missing[2] ?? '');
  const lacks = /couldn't find key (\S+) in (Secret|ConfigMap) \S+\/(\S+)/i.exec(message);
  if (lacks === null) return undefined;
  const [, key = '', kind = '', name = ''] = lacks;
  return `add the key ${key} to ${kind} ${name}, or create it anew with ${createCommand(resource, kind, name, key)}`;
}

/** Secrets and ConfigMaps that the pod mounts, and without which the kubelet does not start it. */
function mountedNames({ spec }: Resource): string[] {
  const named = (kind: string, source: unknown, field: string) => {
    const { [field]: name, optional } = asUnstructured(source);
    return typeof name === 'string' && optional !== true ? [`${kind} ${name}`] : [];
  };
  const { tls } = spec.engine;
  return [
    ...(tls === undefined ? [] : [`Secret ${tls.secretName}`]),
    ...listOf(asUnstructured(spec.template.spec)['volumes']).flatMap(({ secret, configMap }) => [
      ...named('Secret', secret, 'secretName'),
      ...named('ConfigMap', configMap, 'name'),
    ]),
  ];
}

/** When the kubelet has had its time to set up the volumes of a member. Epoch milliseconds. */
export const setUpDueMs = ({ notSetUpSinceMs }: Member): number | undefined =>
  notSetUpSinceMs === undefined ? undefined : notSetUpSinceMs + setUpMs;

const reasonOfEnd = (end: ContainerEnd | undefined) =>
  end !== undefined && isOomKilled(end) ? 'OOMKilled' : 'ContainerNotStarting';

/** The operator gives the agent its image; to pull it, the pod has what the user's template names. */
const imageAdvice = (container: string): string =>
  container === agentVolume
    ? "the image is the operator's own (AGENT_IMAGE, or the one of its pod): let the nodes reach its registry, or name a pull secret for it in imagePullSecrets of spec.template"
    : 'correct the image or its pull secret in spec.template';

/** What keeps the pod of a member from starting; undefined if nothing is known to. */
export function startDegradedReason(
  resource: Resource,
  member: Member,
  nowMs: number,
): Degradation | undefined {
  const { name, waiting } = member;
  const describePod = `see \`kubectl describe pod ${name} -n ${resource.namespace}\``;
  if (waiting !== undefined) {
    const { container, reason, message, end } = waiting;
    const said = `container ${container} of ${name}: ${reason}: ${cut(message)}`;
    if (/Image|Pull/.test(reason)) {
      const advice = imageAdvice(container);
      return { reason: 'ImagePullFailed', message: `${said}; ${advice}`, about: container };
    }
    const missing =
      reason === 'CreateContainerConfigError' ? configAdvice(resource, message) : undefined;
    if (missing !== undefined) {
      return { reason: 'ContainerConfigError', message: `${said}; ${missing}`, about: container };
    }
    const isTooLow = namesOomKill(message);
    const limit = isTooLow ? `raise ${limitField(container)}` : describePod;
    const advice = (end && describeEnd(resource, member, end)) ?? limit;
    return {
      reason: isTooLow ? 'OOMKilled' : reasonOfEnd(end),
      message: `${said}; ${advice}`,
      about: container,
    };
  }
  const againUntilMs = endsAgainUntilMs(member, nowMs);
  if (againUntilMs !== undefined && nowMs < againUntilMs) {
    const { lastEnd } = member;
    return {
      reason: reasonOfEnd(lastEnd),
      message: `${name} does not come up: ${describeEnd(resource, member)}`,
      about: lastEnd?.container ?? '',
    };
  }
  if (member.unschedulable !== undefined) {
    const said = cut(member.unschedulable);
    return {
      reason: 'Unschedulable',
      message: `${name} finds no node: ${said}; ${schedulerAdvice(member.unschedulable)}`,
    };
  }
  const dueMs = setUpDueMs(member);
  if (dueMs !== undefined && nowMs >= dueMs && !isHealthy(member)) {
    const names = mountedNames(resource);
    const [first] = names;
    const [kind = '', object = ''] = first?.split(' ') ?? [];
    const isTls = kind === 'Secret' && object === resource.spec.engine.tls?.secretName;
    const command = isTls
      ? `\`kubectl create secret generic ${object} -n ${resource.namespace} --from-file=tls.crt --from-file=tls.key --from-file=ca.crt\``
      : createCommand(resource, kind, object);
    const mounts =
      first === undefined
        ? ''
        : `; the pod mounts ${names.join(', ')}: if that does not exist, ${command}`;
    return {
      reason: 'PodNotSetUp',
      message: `the kubelet has not set up the volumes and the network of ${name} for ${setUpMs / 1_000} s${mounts}; ${describePod}`,
    };
  }
  return undefined;
}
