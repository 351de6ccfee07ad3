import { contractAnnotation } from '../../api/labels.ts';
import { isLive } from '../model/member.ts';
import type { Degradation } from '../model/fault.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { lacksProbePort, probePort } from '../model/ports.ts';

const unseenAgents = ({ namespace }: Resource, members: Member[]): Degradation[] =>
  members
    .filter(({ isAgentUnseen }) => isAgentUnseen === true)
    .map(({ name }) => ({
      reason: 'AgentUnseen',
      about: name,
      message: `pod ${name} was made with the agent, and the settings of the agent are not found in the pod: somebody has changed the pod, such as an admission webhook. What data the member has cannot be asked, so that it takes no part: let the webhook leave this pod alone, then \`kubectl delete pod -n ${namespace} ${name}\``,
    }));

/** Not of members with an agent: the port of the agent stands in the pod itself. */
const unknownPorts = ({ namespace, spec }: Resource, members: Member[]): Degradation[] =>
  members
    .filter((member) => member.agentPort === undefined && lacksProbePort(spec, member))
    .map(({ name }) => ({
      reason: 'ContractBroken',
      about: name,
      message: `the annotation ${contractAnnotation} of pod ${name} names no port to probe: the member is probed on port ${probePort(spec)}, as spec says now, until its pod is replaced; to have the pod made again now, \`kubectl delete pod -n ${namespace} ${name}\``,
    }));

/** Pods that are no longer as the operator made them, or were made from a spec with an error. */
export function podDegradedReasons(resource: Resource, { members }: Observed): Degradation[] {
  const live = members.filter(isLive);
  return [...unseenAgents(resource, live), ...unknownPorts(resource, live)];
}
