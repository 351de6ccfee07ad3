import * as z from 'zod';
import { engineSchema } from './engine-spec.ts';

const port = z.int().min(1).max(65_535);

/** How the health of a program is asked for. */
export const healthCheckSchema = engineSchema.pick({
  type: true,
  tcp: true,
  http: true,
  grpc: true,
});

/**
 * How a pod is reached, asked and served: what the spec said when the pod was created. The operator writes the contract into the
 * annotation `haservice.dev/contract` of the pod, as JSON. The program of the pod goes on listening and answering as it was started,
 * whatever the spec says since, so that probes, hooks, orders and Services follow the contract and not the spec.
 *
 * What the pod's own spec says is not repeated here: the settings of its agent stand in the environment of its first container
 * (agentOf). Each field but `ports` may be absent: an earlier version of the operator has not written it.
 */
export const podContractSchema = z.object({
  /** Port that is probed. Absent: the spec named no TCP port, or misspelled its name. */
  probePort: port.exactOptional(),
  /** The ports of the Services, by number. */
  ports: z.array(
    z.object({
      name: z.string().exactOptional(),
      port,
      targetPort: port,
      protocol: z.enum(['TCP', 'UDP', 'SCTP']),
    }),
  ),
  /**
   * Its agent replicates with a user (Redis) or a password (Postgres) of its own, and as a leader can refuse all others. Absent: its
   * agent does not know that user, or that password.
   */
  replicationUser: z.boolean().exactOptional(),
  /** Without an agent: how the health of its program is asked for. */
  health: healthCheckSchema.exactOptional(),
  /** Without an agent: the hooks of its program. */
  hooks: engineSchema.pick({ promote: true, demote: true }).exactOptional(),
  /** Without an agent: the program itself speaks the member protocol, over HTTP or gRPC. */
  protocol: z.enum(['http', 'grpc']).exactOptional(),
});

export type PodContract = z.output<typeof podContractSchema>;
export type HealthCheck = z.output<typeof healthCheckSchema>;
export type Hooks = NonNullable<PodContract['hooks']>;
/** Over which the member protocol is spoken. */
export type Transport = NonNullable<PodContract['protocol']>;
