import type { HAService } from '../../api/haservice.ts';
import type { World } from './world.ts';

/** A user asks for an experiment by an annotation. */
export function requestExperiment(world: World, name = 'web'): void {
  const object = world.cluster.get('haservices', name) as unknown as HAService;
  const annotations = { 'haservice.dev/chaos': new Date().toISOString() };
  world.cluster.put('haservices', { ...object, metadata: { ...object.metadata, annotations } });
}

/** A service with experiments on web-1, in its steady state. */
export async function startWithChaos(world: World, chaos: object, spec: object): Promise<void> {
  const chaosSpec = { target: { member: 'web-1' }, minPodAge: '0s', ...chaos };
  world.apply('web', { chaos: chaosSpec, ...spec });
  await world.cluster.until(
    () => world.healthy() && world.condition('ChaosReady')?.status === 'True',
  );
}

/** The requests that have deleted or evicted pods. */
export const killsOf = (world: World): string[] =>
  world.writes().filter((write) => /^DELETE pods|eviction$/.test(write));
