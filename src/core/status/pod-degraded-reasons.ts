import { isLive } from '../model/member.ts';
import type { Degradation, Observed, Resource } from '../model/observed.ts';

/** Pods that are no longer as the operator made them. */
export const podDegradedReasons = ({ namespace }: Resource, { members }: Observed): Degradation[] =>
  members
    .filter((member) => isLive(member) && member.isAgentUnseen === true)
    .map(({ name }) => ({
      reason: 'AgentUnseen',
      message: `pod ${name} was made with the agent, and the settings of the agent are not found in the pod: somebody has changed the pod, such as an admission webhook. What data the member has cannot be asked, so that it takes no part: let the webhook leave this pod alone, then \`kubectl delete pod -n ${namespace} ${name}\``,
    }));
