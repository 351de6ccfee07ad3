import { expect, it, vi } from 'vitest';
import { HAError } from '../../../src/api/errors.ts';
import { NotPossibleNow } from './fault-tools.ts';
import { injectOrdinary, replicasOf } from './ordinary-faults.ts';
import { allPods, recordingTools } from './testing/recording-tools.ts';

it('scales down, up, and to 0 only if the data outlive the pods', () => {
  const of = (hasVolumes: boolean) =>
    new Set(Array.from({ length: 60 }, (_, i) => replicasOf(i / 60, { members: 3, hasVolumes })));
  expect(of(true)).toEqual(new Set([1, 2, 4, 5, 0]));
  expect(of(false)).toEqual(new Set([1, 2, 4, 5]));
});

it('edits by the spec as it is now, and restores that', async () => {
  const { done, tools } = recordingTools(allPods);
  const { what, undo } = await injectOrdinary('edit', 0.5, tools);
  await undo();
  expect(what).toBe('heartbeat');
  expect(done).toEqual([
    'mergePatch service {"heartbeat":{"interval":"200ms","timeout":"2s"}}',
    'mergePatch service {"heartbeat":{"interval":"1s"}}',
  ]);
});

it('a follower whose data are wiped is stopped before, so that it writes nothing in between', async () => {
  const { done, tools } = recordingTools(allPods);
  // 0.6 of two followers is 0.2 of the second.
  const { what, undo } = await injectOrdinary('slow-copy', 0.6, tools);
  await undo();
  expect(what).toBe('t-2 lost its data, 130 ms');
  expect(done).toEqual([
    ...['delay node-3 130', 'freeze t-2', 'emptyVolume volume-3', 'killContainer t-2'],
    'delay node-3 0',
  ]);
});

it('the network is fast again if no data can be lost', async () => {
  const { done, tools } = recordingTools(allPods, ['freeze']);
  await expect(injectOrdinary('slow-copy', 0.6, tools)).rejects.toThrow(NotPossibleNow);
  expect(done).toEqual(['delay node-3 130', 'freeze t-2', 'delay node-3 0']);
  const plain = { ...tools, service: { ...tools.service, hasVolumes: false } };
  await expect(injectOrdinary('slow-copy', 0.6, plain)).rejects.toThrow('no volumes');
});

it('the undo is repeated while the API server does not answer, and ends if the service is gone', async () => {
  const { tools } = recordingTools(allPods);
  const { undo } = await injectOrdinary('scale', 0, tools);
  const mergePatch = vi.spyOn(tools.client, 'mergePatch');
  mergePatch.mockRejectedValueOnce(new Error('refused'));
  await undo();
  expect(mergePatch).toHaveBeenCalledTimes(2);
  mergePatch.mockRejectedValueOnce(new HAError('HA_ERR_API_STATUS', 'gone', { status: 404 }));
  await undo();
  expect(mergePatch).toHaveBeenCalledTimes(3);
});

it('a drain evicts the members of the node again until they have gone', async () => {
  const { tools } = recordingTools(allPods);
  const evicted: string[] = [];
  let isThere = true;
  const second = Promise.withResolvers<undefined>();
  vi.spyOn(tools.client, 'evict').mockImplementation(async (_, { name }) => {
    evicted.push(name);
    if (evicted.length === 1) throw new HAError('HA_ERR_API_STATUS', 'budget', { status: 429 });
    isThere = false;
    second.resolve(undefined);
  });
  const roles = { ...allPods, primary: () => (isThere ? allPods.primary() : undefined) };
  const { what, undo } = await injectOrdinary('drain', 0, { ...tools, roles });
  await second.promise;
  await undo();
  expect(what).toBe('node-1');
  expect(evicted).toEqual(['t-0', 't-0']);
});

it('a renewed password reaches one member at once, and the others with the undo', async () => {
  const { done, tools } = recordingTools(allPods);
  const { what, undo } = await injectOrdinary('rotate-secret', 0.5, tools);
  expect(what).toBe('password, first at t-1');
  expect(done).toEqual(['renew password', 'mergePatch t-1 metadata']);
  await undo();
  expect(done.slice(2)).toEqual(['t-0', 't-1', 't-2'].map((name) => `mergePatch ${name} metadata`));
});
