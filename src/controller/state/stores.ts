import { nameLabel } from '../../api/labels.ts';
import type { HAService } from '../../api/haservice.ts';
import type { KubeObject } from '../../kube/api-types.ts';
import type {
  ConfigMap,
  EndpointSlice,
  Node,
  PersistentVolumeClaim,
  Pod,
  PodDisruptionBudget,
  Service,
} from '../../kube/api-types.ts';
import { Store } from '../../kube/store.ts';
import { controllerOf } from './owner-references.ts';

/** UID of the controller of an object. Owned objects are matched by this UID, never by name alone. */
export const controllerUid = (object: KubeObject): string | undefined => controllerOf(object)?.uid;

const byOwner = (object: KubeObject) => {
  const uid = controllerUid(object);
  return uid === undefined ? [] : [uid];
};

/** `namespace/name` of the resource that an object's label names. */
const byLabel = (object: KubeObject) => {
  const name = object.metadata?.labels?.[nameLabel];
  return name === undefined ? [] : [`${object.metadata?.namespace}/${name}`];
};

/** The caches: everything that the operator knows of the cluster. */
export class Stores {
  readonly services = new Store<Service>();
  readonly slices = new Store<EndpointSlice>({ indexers: { label: byLabel } });
  readonly budgets = new Store<PodDisruptionBudget>();
  readonly pods = new Store<Pod>({ indexers: { owner: byOwner, label: byLabel } });
  readonly claims = new Store<PersistentVolumeClaim>({ indexers: { label: byLabel } });
  readonly nodes = new Store<Node>();
  readonly resources = new Store<HAService>({ sharesSpec: true });
  /** The ConfigMap of the operator's settings alone, if there is one. It may be incomplete: see LiveSettings. */
  readonly settings = new Store<ConfigMap>();
  /** The namespaces that chaos must not hit. If it is incomplete, it is not known which. */
  readonly optedOutNamespaces = new Store<KubeObject>();

  /** Whether enough of a namespace was listed to decide on its resources: objects that are only not known must not count as missing. */
  isKnown(namespace: string): boolean {
    const needed: Pick<Store<KubeObject>, 'completeness'>[] = [
      this.services,
      this.slices,
      this.budgets,
      this.pods,
    ];
    return needed.every((store) => store.completeness.hasListed(namespace));
  }
}
