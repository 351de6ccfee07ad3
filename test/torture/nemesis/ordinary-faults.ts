import { setTimeout as sleep } from 'node:timers/promises';
import type { HAService } from '../../../src/api/haservice.ts';
import { haServices } from '../../../src/controller/state/resource-type.ts';
import { isNotFound } from '../../../src/kube/api-error.ts';
import { nodes, persistentVolumeClaims, pods } from '../../../src/kube/resources.ts';
import { type EditedSpec, chooseEdit, rollPatch } from './edits.ts';
import type { Credential } from '../target/credentials.ts';
import type { OrdinaryFault } from './fault-names.ts';
import {
  type FaultTools,
  type Injected,
  NotPossibleNow,
  type TargetPod,
  attempt,
  nothing,
  there,
} from './fault-tools.ts';

const callMs = 2_000;
/** Longest time that an undo waits for the API server, which another fault may have stopped. Milliseconds. */
const undoMs = 60_000;
const againMs = 200;
/** `kubectl drain` asks again every five seconds; the faults of a run are shorter. Milliseconds. */
const evictAgainMs = 1_000;
/** Delay of each packet of the node, each way. Milliseconds. */
const [leastSlowMs, mostSlowMs] = [50, 250] as const;

/** How many members a scale asks for. @param pick 0 to below 1. */
export function replicasOf(
  pick: number,
  { members, hasVolumes }: { members: number; hasVolumes: boolean },
): number {
  const choices = [1, members - 1, members + 1, members + 2, ...(hasVolumes ? [0, 0] : [])];
  return choices[Math.floor(pick * choices.length)] ?? members;
}

/** Injects a fault. @param pick chooses, 0 to below 1. @throws NotPossibleNow */
export async function injectOrdinary(
  fault: OrdinaryFault,
  pick: number,
  tools: FaultTools,
): Promise<Injected> {
  const { cluster, client, roles, service } = tools;
  const patch = (spec: object) =>
    client.mergePatch(haServices, service, { spec }, { timeoutMs: callMs });
  const edit = async (what: string, spec: object, back: object): Promise<Injected> => {
    await attempt(patch(spec));
    return { what, undo: () => persist(() => patch(back)) };
  };
  switch (fault) {
    case 'edit': {
      const found = await attempt(
        client.get<HAService>(haServices, service, { timeoutMs: callMs }),
      );
      const chosen = chooseEdit(found.spec as EditedSpec, service.port, pick);
      return edit(chosen.name, chosen.patch, chosen.back);
    }
    case 'roll':
      await attempt(patch(rollPatch(new Date().toISOString())));
      return { undo: nothing };
    case 'scale': {
      const replicas = replicasOf(pick, service);
      return edit(`to ${replicas}`, { replicas }, { replicas: service.members });
    }
    case 'drain':
      return drain(chosenOf([there(roles.primary()), ...roles.followers()], pick).node, tools);
    case 'restart-operator': {
      const pod = there(roles.operator());
      await attempt(client.delete(pods, pod, { uid: pod.uid, timeoutMs: callMs }));
      return { undo: nothing };
    }
    case 'freeze-operator': {
      const pod = there(roles.operator());
      await attempt(cluster.freeze(pod));
      // The kubelet may have restarted it in the meantime.
      return { undo: () => cluster.thaw(pod).catch(() => {}) };
    }
    case 'slow-copy':
      return slowCopy(pick, tools);
    case 'rotate-secret':
      return renew('password', pick, tools);
    case 'rotate-cert':
      return renew('certificate', pick, tools);
  }
}

function chosenOf(all: TargetPod[], pick: number): TargetPod {
  return there(all[Math.floor(pick * all.length)]);
}

/** As `kubectl drain` does for the members: no new pods on the node, and evictions until the members there have gone. */
async function drain(node: string, { client, roles }: FaultTools): Promise<Injected> {
  const setCordon = (unschedulable: boolean) =>
    client.mergePatch(nodes, { name: node }, { spec: { unschedulable } }, { timeoutMs: callMs });
  const end = new AbortController();
  const members = () => [roles.primary(), ...roles.followers()].filter((pod) => pod?.node === node);
  const evictAll = async () => {
    for (;;) {
      for (const pod of members()) {
        if (pod === undefined || end.signal.aborted) continue;
        // Refused as long as the disruption budget forbids it.
        await client.evict(pods, pod, { uid: pod.uid, timeoutMs: callMs }).catch(() => {});
      }
      await sleep(evictAgainMs, undefined, { signal: end.signal });
    }
  };
  await attempt(setCordon(true));
  const evicted = evictAll().catch(() => {});
  return {
    what: node,
    undo: async () => {
      end.abort();
      await evicted;
      await persist(() => setCordon(false));
    },
  };
}

/** A follower must copy everything anew, over a slow network. The network of its node is as fast as before after the undo. */
async function slowCopy(pick: number, { cluster, client, roles, service }: FaultTools) {
  if (!service.hasVolumes) throw new NotPossibleNow('the members have no volumes');
  const followers = roles.followers();
  const pod = chosenOf(followers, pick);
  const { namespace, name, uid, node } = pod;
  const claim = { namespace, name: `data-${name}` };
  const found = await attempt(client.get(persistentVolumeClaims, claim, { timeoutMs: callMs }));
  // The fraction chooses the rest.
  const rest = (pick * followers.length) % 1;
  const isWiped = rest < 0.5;
  const slowMs = Math.round(leastSlowMs + ((rest * 2) % 1) * (mostSlowMs - leastSlowMs));
  const undo = () => cluster.delay(node, 0);
  await cluster.delay(node, slowMs);
  try {
    if (isWiped) {
      // Nothing may be written between the loss and the end of the processes.
      await attempt(cluster.freeze(pod));
      await cluster
        .emptyVolume(found.spec?.volumeName ?? '')
        .finally(() => attempt(cluster.killContainer(pod)));
    } else {
      // The claim goes with its pod.
      await attempt(
        client.delete(persistentVolumeClaims, claim, {
          uid: found.metadata?.uid ?? '',
          timeoutMs: callMs,
        }),
      );
      await attempt(client.delete(pods, pod, { uid, timeoutMs: callMs }));
    }
  } catch (error) {
    await undo();
    throw error;
  }
  return { what: `${name} ${isWiped ? 'lost its data' : 'lost its volume'}, ${slowMs} ms`, undo };
}

/**
 * The kubelet looks for changed Secrets once a minute, and whenever a pod changes: an annotation brings the renewed one to a member at
 * once. The other members get it with the undo.
 */
async function renew(
  what: Credential,
  pick: number,
  { client, roles, renew: change }: FaultTools,
): Promise<Injected> {
  const members = () => [roles.primary(), ...roles.followers()].filter((pod) => pod !== undefined);
  const annotations = { 'torture/renewed': new Date().toISOString() };
  const touch = (pod: TargetPod) =>
    client.mergePatch(pods, pod, { metadata: { annotations } }, { timeoutMs: callMs });
  const first = chosenOf(members(), pick);
  await attempt(change(what));
  // From here on the change is in force, whatever fails: the undo makes it known to all.
  await touch(first).catch(() => {});
  return {
    what: `${what}, first at ${first.name}`,
    undo: async () => {
      for (const pod of members()) await persist(() => touch(pod));
    },
  };
}

/** Repeats until it succeeds, as another fault may have stopped the API server. @throws the last error. */
async function persist(act: () => Promise<unknown>): Promise<void> {
  const deadline = performance.now() + undoMs;
  for (;;) {
    try {
      await act();
      return;
    } catch (error) {
      // The service or node is gone: nothing is left to undo.
      if (isNotFound(error)) return;
      if (performance.now() > deadline) throw error;
    }
    await sleep(againMs);
  }
}
