import { afterEach, describe, expect, it } from 'vitest';
import { HAError } from '../../api/errors.ts';
import type { HAService } from '../../api/haservice.ts';
import type { Status } from '../../api/status.ts';
import { FakeClock } from '../../lib/fake-clock.ts';
import type { KubeClient } from '../../kube/client.ts';
import { drive } from '../../kube/drive.ts';
import type { EventInput } from '../../kube/event-recorder.ts';
import { refusal } from '../../kube/testing/fake-api-server.ts';
import { silentLog } from '../../lib/log.ts';
import { commitElection } from './commit-election.ts';
import { ApiServerHealth } from '../state/api-server-health.ts';
import { ReconcileStates } from '../state/reconcile-state.ts';
import { offerStatus, tellRefusal } from './offer-status.ts';
import type { ReconcilerOptions } from './reconciler-options.ts';
import { asStored } from './status-writer.ts';
import { Stores } from '../state/stores.ts';
import { World } from '../testing/world.ts';

const signal = new AbortController().signal;
const invalid = (message = 'status.epoch: Invalid value') =>
  new HAError('HA_ERR_API_STATUS', message, { status: 422, reason: 'Invalid' });

/** An API server with one resource; `refuse` decides about each write of its status. */
function setUp(refuse: (status: Status) => Error | undefined) {
  const clock = new FakeClock();
  const written: Status[] = [];
  const notes: EventInput[] = [];
  let version = 1;
  const subject = {
    object: {
      metadata: { name: 'web', namespace: 'shop', uid: 'uid-web', resourceVersion: '1' },
      status: { ready: '3/3', phase: 'Healthy' },
    } as HAService,
    state: new ReconcileStates().of('uid-web'),
    log: silentLog,
    resource: { status: {} } as never,
  };
  const options = {
    clock,
    stores: new Stores(),
    apiServerHealth: new ApiServerHealth(clock, () => {}),
    events: { record: (_: unknown, note: EventInput) => notes.push(note) },
  } as unknown as ReconcilerOptions;
  const client = {
    replaceStatus: async (_: unknown, object: HAService) => {
      written.push(object.status ?? {});
      const error = refuse(object.status ?? {});
      if (error !== undefined) throw error;
      const resourceVersion = String(++version);
      subject.object = { ...object, metadata: { ...object.metadata, resourceVersion } };
      return subject.object;
    },
  } as unknown as KubeClient;
  const offer = (status: Status) => drive(offerStatus(options, subject, status), client, signal);
  const tell = () => drive(tellRefusal(options, subject), client, signal);
  return { clock, written, notes, subject, options, client, offer, tell };
}

const degraded = ({ status }: HAService) =>
  status?.conditions?.find(({ type }) => type === 'Degraded');
const isBad = ({ epoch = 0 }: Status) => (epoch > 9 ? invalid() : undefined);

describe('a status that the API server refuses', () => {
  it('is reported in the stored status, and by one Event', async () => {
    const { subject, notes, offer, tell } = setUp(isBad);
    expect(await offer({ epoch: 10 })).toBe('Refused');
    expect(await tell()).toBe(false);
    expect(subject.object.status).toMatchObject({ ready: '3/3', phase: 'Degraded' });
    expect(degraded(subject.object)).toMatchObject({
      status: 'True',
      reason: 'StatusRefused',
      message: expect.stringMatching(/status\.epoch: Invalid value.*apply the CRD/) as string,
    });
    expect(notes).toMatchObject([{ type: 'Warning', reason: 'StatusRefused' }]);
    // Another status that is refused for the same reason causes no second Event.
    expect(await offer({ epoch: 11 })).toBe('Refused');
    expect(notes).toHaveLength(1);
  });

  it('is not written again if only times change, until half a minute has passed', async () => {
    const { clock, written, offer, tell } = setUp(isBad);
    const at = (lastFailoverTime: string, fenceMs: number): Status => ({
      epoch: 10,
      lastFailoverTime,
      failovers: [
        {
          epoch: 10,
          to: 'web-1',
          trigger: 'Crash',
          startedAt: lastFailoverTime,
          outcome: 'Promoting',
          fenceMs,
        },
      ],
    });
    await offer(at('2026-01-01T00:00:00Z', 1));
    await tell();
    expect(written).toHaveLength(2);
    clock.advance(29_999);
    expect(await offer(at('2026-01-01T00:00:01Z', 2))).toBe('Refused');
    await tell();
    expect(written).toHaveLength(2);
    clock.advance(1);
    await offer(at('2026-01-01T00:00:02Z', 3));
    expect(written).toHaveLength(3);
    // The stored status reports it already.
    await tell();
    expect(written).toHaveLength(3);
  });

  it('does not block another status, and the report ends with the first accepted one', async () => {
    const { subject, written, offer } = setUp(isBad);
    await offer({ epoch: 10 });
    expect(await offer({ epoch: 2 })).toBe('Written');
    expect(subject.state.refused).toBeUndefined();
    await offer({ epoch: 10 });
    expect(written).toHaveLength(3);
  });

  it('is reported by its Event alone if the report is refused, too', async () => {
    const { written, notes, offer, tell } = setUp(() => invalid());
    await offer({ epoch: 10 });
    expect(await tell()).toBe(false);
    expect(await tell()).toBe(false);
    expect(written).toHaveLength(2);
    expect(notes).toHaveLength(1);
  });

  it('is not the same as a failing API server', async () => {
    const { subject, offer } = setUp(() => new HAError('HA_ERR_API_TIMEOUT', 'PUT'));
    await expect(offer({ epoch: 10 })).rejects.toThrow('did not answer in time');
    expect(subject.state.refused).toBeUndefined();
  });
});

describe('an election that the API server refuses', () => {
  const commit = ({ options, subject, client }: ReturnType<typeof setUp>) => {
    const status: Status = { epoch: 10 };
    const decided = { status, what: '', confirmSilence: false };
    return drive(commitElection(options, subject, decided, []), client, signal);
  };

  it('is certainly not written', async () => {
    const world = setUp(isBad);
    expect(await commit(world)).toBe('Refused');
    expect(world.subject.state.unansweredElection).toBeUndefined();
  });

  it('does not change that an earlier election is unanswered', async () => {
    const world = setUp(isBad);
    world.subject.state.unansweredElection = '1';
    await commit(world);
    expect(world.subject.state.unansweredElection).toBe('1');
  });
});

it('a status is compared in the form that the API server returns', () => {
  const cut = 'no space on 💾'.slice(0, -1);
  const status: Status = { termStart: -0, members: undefined, ready: cut };
  expect(asStored(status)).toStrictEqual({ termStart: 0, ready: 'no space on \uFFFD' });
});

describe('the operator', () => {
  let world: World;
  afterEach(() => world.close());

  const until = (done: () => boolean) => world.cluster.until(done);
  const told = () => world.condition('Degraded')?.reason === 'StatusRefused';
  /** Refuses every status for which `isRefused` is true, like a CRD that is older than the operator. */
  const refuse = (isRefused: (status: Status) => boolean) => {
    world.cluster.refuse = (write, { status }) =>
      write === 'PUT haservices/web/status' && isRefused(status ?? {})
        ? { code: 422, body: refusal(422, 'Invalid', 'status.members[1]: Invalid value') }
        : undefined;
  };

  it('continues if a status is refused, reports that, and removes the report when a status is accepted', async () => {
    world = await World.start();
    world.apply('web');
    await until(() => world.healthy());
    const hasDead = ({ members = [] }: Status) => members.some(({ health }) => health === 'Dead');
    refuse(hasDead);
    world.programs.get('web-1')?.kill();
    await until(told);
    expect(world.condition('Degraded')?.message).toContain('status.members[1]: Invalid value');
    expect(world.status()).toMatchObject({ ready: '3/3', primary: 'web-0' });
    // The actions are executed all the same.
    await until(() => world.behind('web-read').join() === 'web-2');
    await until(() =>
      world.cluster
        .list('events')
        .some((event) => 'reason' in event && event.reason === 'StatusRefused'),
    );
    world.cluster.remove('pods', 'web-1');
    await until(() => world.healthy());
    expect(world.condition('Degraded')).toMatchObject({ status: 'False', reason: 'AllHealthy' });
  });

  it('elects no member while the status is refused, and elects one when it is accepted', async () => {
    world = await World.start();
    world.apply('web');
    await until(() => world.healthy());
    refuse(({ primary }) => primary === 'web-1');
    world.programs.get('web-0')?.kill();
    await until(told);
    expect(world.status()).toMatchObject({ epoch: 1, primary: 'web-0' });
    expect(world.behind('web')).toEqual(['web-0']);
    world.programs.get('web-1')?.kill();
    await until(() => world.behind('web').join() === 'web-2');
    expect(world.status()).toMatchObject({ epoch: 2, primary: 'web-2' });
    await until(() => !told());
  });
});
