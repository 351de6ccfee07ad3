import type { KubeObject } from '../../src/kube/api-types.ts';
import type { ApiServer } from './api-server.ts';
import type { Checker } from './checker.ts';
import type { Kernel } from './kernel.ts';
import type { Kubelets } from './kubelet.ts';

const claims = 'persistentvolumeclaims';

interface GivenUpWorld {
  api: ApiServer;
  kernel: Kernel;
  kubelets: Kubelets;
  checker: Checker;
}

/** An operator has given it up: its owner is a pod. */
const isGivenUp = ({ metadata }: KubeObject): boolean =>
  (metadata?.ownerReferences ?? []).some((owner) => owner.kind === 'Pod');

/** How long Kubernetes' garbage collector takes. Virtual milliseconds. */
const collectedAfterMs = 1_500;

/**
 * Claims that an operator gives up are collected, and their data are gone. Never as long as a pod of that name is there or a sync set names it,
 * and never the last copy of an acknowledged write.
 */
export function collectGivenUp({ api, kernel, kubelets, checker }: GivenUpWorld): void {
  api.watchers.add(({ kind, object, isGone }) => {
    if (kind !== claims || isGone || !isGivenUp(object)) return;
    const { name = '', uid } = object.metadata ?? {};
    const pod = name.replace(/^data-/, '');
    kernel.note('GC', () => `${name} is given up`);
    if (api.pods.some(({ metadata }) => metadata?.name === pod))
      checker.fail(`${name} is given up, and its pod is there`);
    if (api.service.status.syncSets?.some(({ members }) => members.includes(pod)))
      checker.fail(`${name} is given up, and a failover may ask for ${pod}`);
    kernel.after(collectedAfterMs, () => {
      const now = api.list(claims).find(({ metadata }) => metadata?.uid === uid);
      if (now === undefined || !isGivenUp(now)) return;
      const isHeldNow = checker.holdsAll(kubelets.entries());
      if (isHeldNow && !checker.holdsAll(kubelets.entries(pod)))
        checker.fail(`the last copy of an acknowledged write is given up with ${name}`);
      api.remove(claims, now);
      kubelets.loseVolume(pod);
    });
  });
}
