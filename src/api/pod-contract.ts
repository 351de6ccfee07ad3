import * as z from 'zod';

const port = z.int().min(1).max(65_535);

/**
 * How a pod is reached and served: what the spec said when the pod was created. The operator writes the contract into the annotation
 * `haservice.dev/contract` of the pod, as JSON. The program of the pod goes on listening where it was started, whatever the spec
 * says since, so that probes, orders and Services follow the contract and not the spec.
 */
export const podContractSchema = z.object({
  /** Port that is probed. Absent: the spec named no TCP port. */
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
  /** Its agent replicates as a user of its own, and as a leader can refuse all others. Absent: its agent does not know that user. */
  replicationUser: z.boolean().exactOptional(),
});

export type PodContract = z.output<typeof podContractSchema>;
