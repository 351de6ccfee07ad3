import * as z from 'zod';
import { healthCheckSchema } from '../../api/pod-contract.ts';
import { agentConfigVariable, agentFolder, agentVolume } from '../../protocol/agent-config.ts';
import type { Made } from '../model/contact.ts';
import type { Member } from '../model/observed.ts';
import { type Unstructured, asList } from '../model/unstructured.ts';

const port = z.int().min(1).max(65_535);

/**
 * What the operator must know of the settings of a pod's agent. They may be those of an earlier version, and somebody may have changed
 * them.
 */
const settingsSchema = z.object({
  agentPort: port,
  /** 0: the spec named no port. */
  port: z
    .union([port, z.literal(0)])
    .optional()
    .catch(undefined),
  // The spec has a heartbeat.interval of at least 10 ms, and a longer lease. Heartbeats follow the lease.
  leaseMs: z.number().gt(10).optional(),
  engine: z.unknown().optional(),
});

const engineSecretSchema = z.object({
  passwordSecret: z.object({ name: z.string(), key: z.string() }),
});

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
  const container = asList(podSpec['containers']).find((each) => variableOf(each) !== undefined);
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

function settingsIn(variable: Unstructured | undefined) {
  try {
    return settingsSchema.safeParse(JSON.parse(String(variable?.['value']))).data;
  } catch {
    return undefined;
  }
}
