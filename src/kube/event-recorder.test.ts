import { afterEach, beforeEach, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { KubeClient } from './client.ts';
import { type EventInput, EventRecorder } from './event-recorder.ts';
import { FakeApiServer, json, refusal } from './testing/fake-api-server.ts';
import type { Event } from './api-types.ts';

const web = { apiVersion: 'v1', kind: 'HAService', name: 'web', namespace: 'shop', uid: 'u' };
const input: EventInput = { type: 'Normal', reason: 'Elected', action: 'Elect', note: 'web-0' };

let api: FakeApiServer;
let client: KubeClient;
let clock: FakeClock;
let recorder: EventRecorder;

beforeEach(async () => {
  api = await FakeApiServer.start();
  client = KubeClient.fromKubeConfig(api.config());
  clock = new FakeClock();
  recorder = new EventRecorder({
    client,
    clock,
    component: 'operator',
    instance: 'pod-1',
    log: silentLog,
  });
});

afterEach(async () => {
  await client.close();
  await api.close();
});

const written = () => api.requests.map(({ body }) => JSON.parse(body) as Event);

it('waits a little, so that the reported work has priority', async () => {
  recorder.record(web, input);
  for (let i = 0; i < 20; i++) await new Promise(setImmediate);
  expect(api.requests).toEqual([]);
  clock.advance(200);
  await api.seen(1);
  expect(api.requests[0]).toMatchObject({
    method: 'POST',
    path: '/apis/events.k8s.io/v1/namespaces/shop/events',
  });
  expect(written()[0]).toMatchObject({
    eventTime: '2026-01-01T00:00:00.000000Z',
    reportingController: 'operator',
    reportingInstance: 'pod-1',
    regarding: web,
    ...input,
  });
});

it('counts the same Event up, at most every half minute, and writes another one as new', async () => {
  for (let i = 0; i < 5; i++) recorder.record(web, input);
  clock.advance(200);
  await api.seen(1);
  clock.advance(30_000);
  recorder.record(web, input);
  recorder.record(web, { ...input, note: 'web-1' });
  clock.advance(200);
  await api.seen(3);
  const [created, counted, other] = api.requests;
  const name = written()[0]?.metadata?.name ?? '';
  expect([created?.method, counted?.method, other?.method]).toEqual(['POST', 'PATCH', 'POST']);
  expect(counted?.path.endsWith(`/${name}`)).toBe(true);
  expect(written()[1]?.series).toMatchObject({ count: 6 });
  expect(written()[2]?.note).toBe('web-1');
  expect(written()[2]?.metadata?.name).not.toBe(name);
});

it('begins a new series after ten minutes', async () => {
  recorder.record(web, input);
  clock.advance(600_001);
  recorder.record(web, input);
  clock.advance(200);
  await api.seen(2);
  expect(api.requests.map(({ method }) => method)).toEqual(['POST', 'POST']);
});

it('cuts a long note at the limit of the API server, not within a character', async () => {
  recorder.record(web, { ...input, note: 'ä'.repeat(1_000) });
  clock.advance(200);
  await api.seen(1);
  const note = written()[0]?.note ?? '';
  expect(Buffer.byteLength(note)).toBeLessThanOrEqual(1_024);
  expect(note).toMatch(/^ä+\.\.\.$/);
});

it('continues after a refusal, and drops the oldest Events if too many wait', async () => {
  api.handler = ({ body }, response) =>
    body.includes('note-2.')
      ? json(response, 403, refusal(403, 'Forbidden'))
      : json(response, 201, {});
  for (let i = 0; i < 1_002; i++) recorder.record(web, { ...input, note: `note-${i}.` });
  const flushed = recorder.flush(AbortSignal.timeout(10_000));
  await flushed;
  expect(api.requests).toHaveLength(1_000);
  expect(written()[0]?.note).toBe('note-2.');
});

it('writes the remaining Events at the end, but only until the signal', async () => {
  api.handler = () => {};
  recorder.record(web, input);
  const stop = new AbortController();
  const flushed = recorder.flush(stop.signal);
  await api.seen(1);
  stop.abort();
  await flushed;
  expect(api.requests).toHaveLength(1);
});
