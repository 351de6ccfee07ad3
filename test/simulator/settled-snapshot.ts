import type { Snapshot } from './api-server.ts';
import { type MemberBehaviour, behaviourOf } from './setups.ts';
import { World } from './world.ts';

const settled = new Map<string, Snapshot>();

/** What the API server holds of a service that has come up without a fault. */
export function settledSnapshot({ engine, keepsVolumes }: MemberBehaviour): Snapshot {
  const key = `${engine} ${keepsVolumes}`;
  let snapshot = settled.get(key);
  if (snapshot === undefined) {
    const world = new World({ seed: 1, behaviour: behaviourOf(engine, keepsVolumes) });
    world.startOperator();
    world.kernel.runUntil(60_000);
    snapshot = world.api.snapshot();
    settled.set(key, snapshot);
  }
  return snapshot;
}
