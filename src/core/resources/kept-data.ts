import { engineSchema } from '../../api/engine-spec.ts';
import type { Spec } from '../../api/spec.ts';
import { dataDir, knowsItsProgram } from '../../protocol/agent-config.ts';
import type { Member } from '../model/observed.ts';
import { programOf } from '../model/program.ts';
import { agentContainerOf } from './agent-settings.ts';
import { type Unstructured, asList, asUnstructured } from '../model/unstructured.ts';

/** Volume sources whose content is deleted with the pod, or is not written by the program. */
const passing = ['emptyDir', 'ephemeral', 'configMap', 'secret', 'projected', 'downwardAPI'];

/** Where an engine has the data of its program. */
const placeSchema = engineSchema.pick({ type: true, dataDir: true });

/**
 * Whether one of the containers mounts a lasting volume for its data.
 *
 * @param engine undefined: any folder may hold the data
 */
function mountsData(
  containers: Unstructured[],
  volumes: Unstructured[],
  engine: Pick<Spec['engine'], 'type' | 'dataDir'> | undefined,
): boolean {
  const folder =
    engine !== undefined && knowsItsProgram({ engine }) ? `${dataDir({ engine })}/` : undefined;
  const isOfData = ({ mountPath, readOnly }: Unstructured) =>
    readOnly !== true &&
    (folder === undefined || folder.startsWith(`${String(mountPath).replace(/\/$/, '')}/`));
  const mounted = containers
    .flatMap((container) => asList(container['volumeMounts']))
    .filter(isOfData)
    .map(({ name }) => name);
  return volumes.some(
    (volume) => mounted.includes(volume['name']) && !passing.some((source) => source in volume),
  );
}

/** Whether the data of a pod that is created now survive that pod: on a volume claim, or on a volume that the template mounts for them. */
export function keepsData(spec: Spec): boolean {
  const { volumeClaimTemplates, template, engine } = spec;
  if (volumeClaimTemplates.length > 0) return true;
  return mountsData([programOf(spec)], asList(template.spec['volumes']), engine);
}

/** Whether a member without a pod may have data on a volume: its pod may have been made before the spec gave the volumes up. */
export const absentKeepsData = (
  spec: Spec,
  members: readonly Pick<Member, 'keepsData'>[],
): boolean => keepsData(spec) || members.some((member) => member.keepsData === true);

/** Whether the data of a pod that runs survive it, by its own spec. */
export function podKeepsData(name: string, podSpec: Unstructured): boolean {
  const volumes = asList(podSpec['volumes']);
  // A claim of its own counts wherever it is mounted, as in the spec.
  const isOwnClaim = (volume: Unstructured) =>
    asUnstructured(volume['persistentVolumeClaim'])['claimName'] ===
    `${String(volume['name'])}-${name}`;
  if (volumes.some(isOwnClaim)) return true;
  const agent = agentContainerOf(podSpec);
  const containers = agent === undefined ? asList(podSpec['containers']) : [agent.container];
  return mountsData(containers, volumes, placeSchema.safeParse(agent?.engine).data);
}
