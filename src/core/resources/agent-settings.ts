import { healthCheckSchema } from '../../api/pod-contract.ts';
import {
  agentConfigVariable,
  agentFolder,
  agentVolume,
  engineSecretSchema,
  podAgentSchema,
} from '../../protocol/agent-config.ts';
import type { Made } from '../model/contact.ts';
import type { Member } from '../model/observed.ts';
import { type Unstructured, asList } from '../model/unstructured.ts';

/** The variable alone proves nothing: a user may have copied it from another pod. */
const hasAgent = (podSpec: Unstructured, container: Unstructured | undefined): boolean =>
  asList(podSpec['initContainers']).some(({ name }) => name === agentVolume) ||
  (Array.isArray(container?.['command']) &&
    String(container['command'][0]).startsWith(`${agentFolder}/`));

const variableOf = (container: Unstructured) =>
  asList(container['env']).find(({ name }) => name === agentConfigVariable);

/**
 * The settings that a pod was created with: the port of its agent, the duration of a leader's lease, the Secret of the password, and how its
 * program is reached and asked; none of them without an agent. A pod of an earlier version has no other contract. The container of the
 * agent need not be the first: the webhook of a service mesh may put its own before it.
 */
export function agentOf(podSpec: Unstructured): Made & Pick<Member, 'passwordSecret'> {
  const container = withVariable(podSpec);
  if (!hasAgent(podSpec, container)) return {};
  const settings = settingsIn(container === undefined ? undefined : variableOf(container));
  if (settings === undefined) return { isAgentUnseen: true };
  const { agentPort, leaseMs, port: programPort, engine } = settings;
  const secret = engineSecretSchema.safeParse(engine);
  const health = healthCheckSchema.safeParse(engine);
  return {
    agentPort,
    ...(leaseMs === undefined ? {} : { leaseMs }),
    ...(secret.success ? { passwordSecret: secret.data.passwordSecret } : {}),
    contract: {
      ...(programPort === undefined || programPort === 0 ? {} : { probePort: programPort }),
      ports: [],
      ...(health.success ? { health: health.data } : {}),
    },
  };
}

const withVariable = (podSpec: Unstructured) =>
  asList(podSpec['containers']).find((each) => variableOf(each) !== undefined);

/** The container of the agent, and the engine in its settings. Undefined: the pod has no agent. */
export function agentContainerOf(
  podSpec: Unstructured,
): { container: Unstructured; engine: unknown } | undefined {
  const container = withVariable(podSpec);
  if (container === undefined || !hasAgent(podSpec, container)) return undefined;
  return { container, engine: settingsIn(variableOf(container))?.engine };
}

function settingsIn(variable: Unstructured | undefined) {
  try {
    return podAgentSchema.safeParse(JSON.parse(String(variable?.['value']))).data;
  } catch {
    return undefined;
  }
}
