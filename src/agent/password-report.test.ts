import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { request } from 'undici';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { untilTrue } from '../member-client/testing.ts';
import { startAgent } from './agent.ts';
import { nothingAcknowledged } from './epoch-check.ts';
import { FakeEngine, FakeEpochStore, passwordIn, reportOf } from './testing.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'password-'));
});
afterEach(() => rm(folder, { recursive: true }));

it('a report says which password the member accepts, and the operator says in a heartbeat when all members accept it', async () => {
  const clock = new FakeClock();
  const password = passwordIn(folder, clock);
  await writeFile(join(folder, 'password'), 'old');
  const engine = new FakeEngine();
  const agent = await startAgent({
    ...{ pod: { name: 'web-0', uid: 'uid-0' }, port: 0, host: '127.0.0.1', engine, password },
    ...{ leaseMs: undefined, leadsOnce: true, epochStore: new FakeEpochStore() },
    ...{ acknowledged: nothingAcknowledged, clock, log: silentLog, exit() {} },
  });
  const beat = async (headers = {}) => {
    const url = `http://127.0.0.1:${agent.port}/haservice/v1/status`;
    return reportOf(await (await request(url, { headers })).body.json());
  };
  await untilTrue(() => engine.hasStarted);
  expect(await beat()).not.toHaveProperty('password');
  password.accept('old');
  const former = (await beat()).password;
  expect(former).toEqual({ id: expect.any(String), former: false });
  await writeFile(join(folder, 'password'), 'new');
  await untilTrue(() => {
    clock.advance(1_000);
    return password.current === 'new';
  });
  password.accept('new');
  const { password: current } = await beat({ 'haservice-password': former?.id });
  expect(current).toEqual({ id: expect.not.stringMatching(former?.id ?? ''), former: true });
  expect(password.isShared).toBe(false);
  await beat({ 'haservice-password': current?.id });
  expect([password.isShared, password.replication]).toEqual([true, undefined]);
  await beat({ 'haservice-replication-password': 'own' });
  await beat({ 'haservice-replication-password': 'other' });
  // Somebody else, and an operator of an earlier version.
  await beat();
  expect(password.replication).toBe('own');
  await beat({ 'haservice-epoch': '1' });
  expect(password.replication).toBe('service');
  await writeFile(join(folder, 'password'), '');
  await untilTrue(() => {
    clock.advance(1_000);
    return password.problem !== undefined;
  });
  // The report that was made before is still in flight for a moment.
  await beat();
  expect((await beat()).problem).toMatchObject({ reason: 'PasswordMissing' });
  await agent.stop('end of the test');
});
