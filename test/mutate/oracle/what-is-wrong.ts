import { type Spec, specSchema } from '../../../src/api/spec.ts';
import type { Seen } from './seen.ts';
import { wrongBudget, wrongServices } from './services.ts';
import { wrongPods } from './pods.ts';
import { wrongClaims } from './claims.ts';
import { wrongStatus } from './status.ts';
import { wrongInheritance } from './inheritance.ts';

/**
 * How the cluster differs from what the resource says, in words; empty if it does not. Written from the documents, and not from the
 * code of the operator: what the operator misunderstands must show here.
 */
export function whatIsWrong(seen: Seen): string[] {
  const parsed = specSchema.safeParse(seen.resource.spec);
  if (!parsed.success) return [`the spec is invalid: ${parsed.error.message}`];
  const spec: Spec = parsed.data;
  const status = wrongStatus(seen, spec);
  // The operator changes nothing then: the cluster is what an earlier spec said.
  if (spec.paused) return status;
  return [
    ...status,
    ...wrongPods(seen, spec),
    ...wrongServices(seen, spec),
    ...wrongBudget(seen, spec),
    ...wrongClaims(seen, spec),
    ...wrongInheritance(seen, spec),
  ];
}
