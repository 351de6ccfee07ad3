import { completeCondition } from '../../api/labels.ts';
import type { Spec } from '../../api/spec.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';
import { readyPath } from '../../protocol/member-protocol.ts';
import type { Action } from '../model/action.ts';
import { agentPort } from '../model/capabilities.ts';
import { isComplete, isLive, reportOf } from '../model/member.ts';
import type { Member } from '../model/observed.ts';
import { type Unstructured, asList } from '../model/unstructured.ts';

/**
 * The kubelet makes a Warning Event of each probe that fails, also of those before the agent listens and the member has its data. It
 * probes at the start of the container and then each period: this leaves out the probes before the second one, which comes when it
 * would come anyway, as the kubelet counts from the whole second in which the container has started.
 */
const quietSeconds = 2;

const hasProbe = (program: Unstructured) => program['readinessProbe'] !== undefined;

/**
 * Without it a member counts as Ready while it is being made a copy of its leader, and a drain would take the last good copy. A probe of
 * the user's stays: then the readiness gate asks for the same. Not part of the template's hash: a pod of an earlier version gets them
 * when the pod is replaced.
 */
export function readiness(spec: Spec, program: Unstructured): Unstructured {
  if (!knowsItsProgram(spec) || hasProbe(program)) return {};
  const httpGet = { path: readyPath, port: agentPort(spec) };
  return {
    readinessProbe: {
      httpGet,
      initialDelaySeconds: quietSeconds,
      periodSeconds: 2,
      timeoutSeconds: 2,
    },
  };
}

/** The operator sets the condition: see markComplete. */
export function readinessGates(spec: Spec, program: Unstructured, given: unknown): Unstructured {
  if (!knowsItsProgram(spec) || !hasProbe(program)) return {};
  const others = asList(given).filter(({ conditionType }) => conditionType !== completeCondition);
  return { readinessGates: [...others, { conditionType: completeCondition }] };
}

/**
 * Sets the readiness gates of pods whose readinessProbe is the user's. A member that has not been heard keeps what its gate shows: a
 * pod does not become unready because the operator was restarted, or because its leader has died.
 */
export function markComplete(members: Member[]): Action[] {
  return members.filter(isLive).flatMap((member): Action[] => {
    if (member.completeGate === undefined || reportOf(member) === undefined) return [];
    const complete = isComplete(member);
    const same = member.completeGate === (complete ? 'True' : 'False');
    return same ? [] : [{ type: 'MarkComplete', member, isComplete: complete }];
  });
}
