import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { FailoverRecord, Status } from '../../api/status.ts';
import { decide } from '../../core/decide.ts';
import type { Member } from '../../core/model/observed.ts';
import {
  dead,
  healthy,
  makeMember,
  makeObserved,
  makeResource,
  t0,
} from '../../core/testing/fixtures.ts';
import { leading, led } from '../../core/testing/led.ts';
import { type Clock, systemClock } from '../../lib/clock.ts';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { Stores } from '../state/stores.ts';
import { lookForSuccess, notePrimary, notePromotion } from './failover-timings.ts';

const server = createServer((_request, response) => response.end('ok'));
let states: ReconcileStates;
beforeEach(async () => {
  states = new ReconcileStates();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});
afterEach(async () => {
  states.close();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

const record: FailoverRecord = {
  epoch: 2,
  to: 'web-1',
  trigger: 'Crash',
  startedAt: new Date(t0).toISOString(),
  outcome: 'Promoting',
};

function start(clusterIP: string) {
  const { port } = server.address() as AddressInfo;
  const status = { epoch: 2, failovers: [record], primary: 'web-1', primaryUID: 'uid-web-1' };
  const resource = makeResource({ ports: [{ port }] }, status);
  const members = [makeMember(resource, 1)];
  const state = states.of('uid');
  const timings = { epoch: 2, repointedAtMs: Date.now() };
  state.timings = timings;
  const stores = new Stores();
  stores.services.replace(
    [
      {
        apiVersion: 'v1',
        kind: 'Service',
        metadata: { name: 'web', namespace: 'shop', uid: 'uid-service', resourceVersion: '1' },
        spec: { clusterIP },
      },
    ],
    '1',
  );
  let timers = 0;
  const clock: Clock = {
    now: () => systemClock.now(),
    wallNow: () => systemClock.wallNow(),
    after: (ms, callback) => {
      timers++;
      return systemClock.after(ms, callback);
    },
  };
  let wake = () => {};
  const answered = new Promise<void>((resolve) => (wake = resolve));
  const look = () => lookForSuccess(resource, members, state, stores, clock, wake);
  return { look, answered, timings, timers: () => timers };
}

it.each(['Postgres', 'HTTP'])(
  'notes the promotion when the decision says that it has ended: %s',
  (type) => {
    const spec = {
      ...(type === 'Postgres' ? { topology: 'LeaderFollower' } : {}),
      engine: { type },
    };
    const status = { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2, initialized: true };
    const resource = makeResource(spec, { ...status, failovers: [record] });
    const state = states.of('uid');
    state.timings = { epoch: 2, committedAtMs: t0 };
    const note = (member: Member, nowMs: number) => {
      const decision = decide(resource, makeObserved([member]), nowMs);
      notePromotion(resource.status, decision, {}, state, nowMs);
      return state.timings?.promotedAtMs;
    };
    // A member with an agent needs an order, although its engine has no promote hook; a website needs nothing.
    const early = note(led(resource, 0, { state: 'Detached', epoch: 2 }), t0 + 3);
    expect(early).toBe(type === 'Postgres' ? undefined : t0 + 3);
    const unsynced = leading({ epoch: 2, ledEpoch: 2, sync: { members: [], acks: 0 } });
    expect(note(led(resource, 0, unsynced), t0 + 90)).toBe(early ?? t0 + 90);
  },
);

it('notes as repointed a Service that points at its former primary, which leads again', () => {
  const { status } = makeResource({}, { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2 });
  const note = (writeEndpoints: string[]) => {
    const state = new ReconcileStates().of('uid');
    state.timings = { epoch: 2, committedAtMs: t0 };
    notePromotion(status, { promoted: true }, { writeEndpoints }, state, t0 + 7);
    return state.timings.repointedAtMs;
  };
  expect(note(['uid-web-0'])).toBe(t0 + 7);
  expect(note([])).toBeUndefined();
});

describe('the last sign of a primary', () => {
  const resource = makeResource({}, { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 2 });
  const web0 = makeMember(resource, 0);
  const unheard = { ...web0, health: healthy({ verdict: 'Unknown' }) };
  const signs = (status: Status, ...passes: Member[][]) => {
    const state = new ReconcileStates().of('uid');
    for (const members of passes)
      notePrimary({ ...resource.status, ...status }, { members }, state);
    return state.primarySign?.lastMs;
  };

  it('is that of its heartbeats, if this process has heard it', () => {
    expect(signs({}, [unheard], [web0], [{ ...web0, health: dead('Silent') }], [])).toBeUndefined();
  });

  it('is not known if the pod has gone while no operator ran', () => {
    expect(signs({}, [])).toBe('Unknown');
    expect(signs({}, [unheard], [])).toBe('Unknown');
  });

  it('is what Kubernetes says of a pod that has failed or is being deleted since before', () => {
    const leaving = { ...unheard, deletionAtMs: t0 + 30_000, unreadySinceMs: t0 - 29_000 };
    expect(signs({}, [leaving])).toBe(t0 - 29_000);
    expect(signs({}, [leaving], [])).toBe(t0 - 29_000);
  });

  it('is that of the former process, if that has begun the failover', () => {
    const startedAt = new Date(t0).toISOString();
    const fencing = { epoch: 2, from: 'web-0', trigger: 'Silent' as const, startedAt };
    expect(signs({ fencing }, [])).toBeUndefined();
  });
});

it('looks for the first answer through the Service once, and has the resource looked at when it came', async () => {
  const { look, answered, timings, timers } = start('127.0.0.1');
  look();
  const begun = timers();
  expect(begun).toBeGreaterThan(0);
  look();
  expect(timers()).toBe(begun);
  await answered;
  expect(timings).toMatchObject({ firstSuccessSought: true });
  expect((timings as { firstSuccessAtMs?: number }).firstSuccessAtMs).toBeGreaterThanOrEqual(
    timings.repointedAtMs,
  );
});

it('looks for none through a Service without an address', () => {
  const { look, timings } = start('None');
  look();
  expect(timings).toEqual({
    epoch: 2,
    repointedAtMs: timings.repointedAtMs,
    firstSuccessSought: true,
  });
});
