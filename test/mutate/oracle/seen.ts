import type { HAService } from '../../../src/api/haservice.ts';
import type {
  EndpointSlice,
  KubeObject,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Service,
} from '../../../src/kube/api-types.ts';

/** A service and all that belongs to it, as the API server has it. */
export interface Seen {
  resource: HAService;
  pods: Pod[];
  services: Service[];
  slices: EndpointSlice[];
  budgets: PodDisruptionBudget[];
  claims: PersistentVolumeClaim[];
  /** Zones of the nodes. */
  zones: ReadonlyMap<string, string>;
}

export const nameOf = ({ metadata }: KubeObject): string => metadata?.name ?? '';

export const labelsOf = ({ metadata }: KubeObject): Record<string, string> =>
  metadata?.labels ?? {};
