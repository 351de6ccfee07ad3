import { durationMs } from '../../api/duration.ts';
import type { ServiceSettings } from '../../api/services-spec.ts';
import type { Unstructured } from '../model/unstructured.ts';

/**
 * The fields of a Service that spec.services sets, each with its default, so that a field that is removed from the spec goes back to
 * the default. Null: the field must be absent. What Kubernetes or a cloud provider chooses is left out: addresses, node ports, and
 * the class of a load balancer, which cannot be changed.
 */
export function exposureOf(settings: ServiceSettings = {}): Unstructured {
  const { type = 'ClusterIP', sessionAffinity = 'None', sessionAffinityTimeout = '3h' } = settings;
  const {
    externalTrafficPolicy = 'Cluster',
    loadBalancerClass,
    loadBalancerSourceRanges,
  } = settings;
  const timeoutSeconds = durationMs(sessionAffinityTimeout) / 1_000;
  return {
    type,
    // The API server removes the policy by itself when the type becomes ClusterIP.
    ...(type === 'ClusterIP' ? {} : { externalTrafficPolicy }),
    sessionAffinity,
    sessionAffinityConfig: sessionAffinity === 'None' ? null : { clientIP: { timeoutSeconds } },
    loadBalancerSourceRanges: loadBalancerSourceRanges?.length ? loadBalancerSourceRanges : null,
    ...(loadBalancerClass === undefined ? {} : { loadBalancerClass }),
  };
}
