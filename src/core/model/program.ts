import type { Spec } from '../../api/spec.ts';
import { isImageOf } from '../../protocol/agent-config.ts';
import { usesAgent } from './capabilities.ts';
import { probePort } from './ports.ts';
import { type Unstructured, asList } from './unstructured.ts';

const nameOf = (container: Unstructured | undefined) => String(container?.['name']);

/** Which of these containers has the program that the agent starts: the one that engine.container names, else the first. */
export function programIndex({ engine }: Spec, containers: readonly Unstructured[]): number {
  const index = containers.findIndex(({ name }) => name === engine.container);
  return engine.container === undefined || index < 0 ? 0 : index;
}

/** The container of the template in which the agent starts the program. */
export function programOf(spec: Spec): Unstructured {
  const { containers } = spec.template.spec;
  return containers[programIndex(spec, containers)] ?? {};
}

/** The name of that container if it is not the first one. For hashes: to name the first one changes nothing. */
export const namedProgram = (spec: Spec): { container?: string } =>
  programIndex(spec, spec.template.spec.containers) === 0
    ? {}
    : { container: nameOf(programOf(spec)) };

/**
 * Why it is not certain that the first container is the one of the program, for a person: the agent would start, lead and fence another
 * program. Undefined if there is no doubt: there is one container, or one is named, or its port or image tells.
 */
export function whyAmbiguous(spec: Spec): string | undefined {
  const { containers } = spec.template.spec;
  const [first] = containers;
  if (!usesAgent(spec) || containers.length < 2 || spec.engine.container !== undefined) {
    return undefined;
  }
  const port = probePort(spec);
  const withPort = containers.filter(({ ports }) =>
    asList(ports).some(({ containerPort }) => containerPort === port),
  );
  const withImage = containers.filter(({ image }) => isImageOf(spec, String(image)));
  const [only, ...others] = withPort.length === 1 ? withPort : withImage;
  const isTold = only !== undefined && others.length === 0;
  if (isTold && only === first) return undefined;
  const names = containers.map(nameOf).join(', ');
  const doubt = !isTold
    ? `neither their ports nor their images tell in which one the program is`
    : only === withPort[0]
      ? `container ${nameOf(only)} has port ${port}, on which the program is asked`
      : `container ${nameOf(only)} has the image ${String(only['image'])}`;
  return `spec.template has the containers ${names}, and ${doubt}; the agent starts the program in the first one, ${nameOf(first)}: write engine.container: ${isTold ? nameOf(only) : nameOf(first)}, or the name of another one`;
}
