import { expect, it, vi } from 'vitest';
import { HAError } from '../api/errors.ts';
import { desiredService } from '../core/children.ts';
import { systemClock } from '../core/clock.ts';
import { makeResource } from '../core/testing/fixtures.ts';
import { silentLog } from '../telemetry/log.ts';
import { Connection } from './connection.ts';
import { Memories } from './memory.ts';
import { type PerformContext, perform } from './perform.ts';
import { Stores } from './stores.ts';

it('takes a child that needs no write for no sign of the API server', async () => {
  const resource = makeResource();
  const stores = new Stores();
  const manifest = desiredService(resource, 'write');
  stores.services.put({
    ...manifest,
    metadata: { ...manifest.metadata, uid: 'uid-service', resourceVersion: '1' },
  });
  const onRestored = vi.fn();
  const connection = new Connection(systemClock, onRestored);
  connection.failed(new HAError('HA_ERR_API_UNREACHABLE', 'GET /version'));
  const context = {
    stores,
    connection,
    resource,
    clock: systemClock,
    log: silentLog,
    memory: new Memories().of(resource.uid),
    signal: AbortSignal.timeout(1_000),
  } as unknown as PerformContext;

  const done = await perform([{ type: 'EnsureChild', manifest }], context);

  expect(done).toEqual({ changed: false, failed: false, lost: false });
  // Else every resource would be looked at again, in a circle, for as long as the API server is away.
  expect(onRestored).not.toHaveBeenCalled();
});
