import { expect, it } from 'vitest';
import type { HAService } from '../../api/haservice.ts';
import { makeResource } from '../../core/testing/fixtures.ts';
import type { KubeClient } from '../../kube/client.ts';
import { drive } from '../../kube/drive.ts';
import { FakeClock } from '../../lib/fake-clock.ts';
import { silentLog } from '../../lib/log.ts';
import { alwaysActive } from '../operator-lease/activity.ts';
import { ApiServerHealth } from '../state/api-server-health.ts';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { Stores } from '../state/stores.ts';
import { claimLeases } from './claim-leases.ts';

/** What an operator writes that has just begun to act, and which Events; `keeps`: what the API server makes of it. */
async function claim(spec: object, keeps = (status: object) => status) {
  const metadata = { name: 'web', namespace: 'shop', uid: 'uid-web', resourceVersion: '1' };
  const status = { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 3, grantedBy: 'former' };
  const object = { metadata, status } as unknown as HAService;
  const clock = new FakeClock();
  const stores = new Stores();
  stores.resources.put(object);
  const told: string[] = [];
  const options = {
    ...{ clock, stores, apiServerHealth: new ApiServerHealth(clock, () => {}) },
    activity: { ...alwaysActive, identity: 'me' },
    events: { record: (_: unknown, event: { note: string }) => void told.push(event.note) },
  };
  const written: object[] = [];
  const replaceStatus = async (_: unknown, next: HAService) => {
    written.push(next.status ?? {});
    const kept = keeps(next.status ?? {});
    return { ...next, metadata: { ...metadata, resourceVersion: '2' }, status: kept };
  };
  const client = { replaceStatus } as unknown as KubeClient;
  const resource = makeResource(spec, status);
  const subject = { object, resource, state: new ReconcileStates().of('uid-web'), log: silentLog };
  const { signal } = new AbortController();
  const results: boolean[] = [];
  for (let i = 0; i < 2; i++) {
    results.push(await drive(claimLeases(options, subject, []), client, signal));
  }
  return { written, told, results };
}

const strong = { failover: { consistency: 'Strong' } };
const named = { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 3, grantedBy: 'me' };

it('writes its name into the status of a service with a lease, and nothing else', async () => {
  const once = { written: [named], told: [], results: [true, false] };
  expect(await claim(strong)).toEqual(once);
  expect(await claim({})).toEqual({ written: [], told: [], results: [false, false] });
});

it('says once that an older CRD does not keep the name', async () => {
  const keeps = ({ grantedBy: _, ...rest }: { grantedBy?: string }) => rest;
  const { written, told } = await claim(strong, keeps);
  expect([written.length, told]).toEqual([1, [expect.stringMatching(/kubectl apply -k crds/)]]);
});
