import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { agentConfigSchema } from '../../protocol/agent-config.ts';
import { systemClock } from '../../lib/clock.ts';
import { fixedPassword } from '../engine-context.ts';
import { layoutOf } from './layout.ts';
import { type Space, isOther, logRetention, logSize } from './log-retention.ts';
import { Settings, detached } from './settings.ts';
import { Members, havePostgres, within } from './testing.ts';

const GiB = 2 ** 30;

it.each([
  ['a tenth of a large volume', 1000 * GiB, 900 * GiB, 0, 102_400, 460_800],
  ['a quarter of what is free, slots half', 1000 * GiB, 80 * GiB, 0, 20_480, 40_960],
  ['the log itself counts as free', 1000 * GiB, 60 * GiB, 20 * GiB, 20_480, 40_960],
  ['not less than half a GiB on a full volume', 1000 * GiB, 0, 0, 512, 512],
  ['not less than a sixteenth of a small one', 4 * GiB, GiB, 0, 256, 512],
  ['not less than four segments of the smallest one', GiB / 2, 0, 0, 64, 64],
])('retains %s', (_what, total, free, log, followersMiB, slotsMiB) => {
  expect(logRetention({ total, free }, log)).toMatchObject({ followersMiB, slotsMiB });
});

it('does not change with each segment', () => {
  const at = (free: number) => logRetention({ total: 100 * GiB, free: free * GiB }, 0);
  expect(isOther(at(20), at(21))).toBe(false);
  expect(isOther(at(20), at(24))).toBe(true);
  expect(isOther(at(20), at(17))).toBe(true);
});

it('adds up the segments of the log', async () => {
  const data = await mkdtemp(join(tmpdir(), 'haservice-log-'));
  onTestFinished(() => rm(data, { recursive: true }));
  expect(await logSize(data)).toBe(0);
  await mkdir(join(data, 'pg_wal'));
  for (const name of ['000000010000000000000001', '000000010000000000000002', '00000002.history']) {
    await writeFile(join(data, 'pg_wal', name), 'x'.repeat(1000));
  }
  expect(await logSize(data)).toBe(2000);
});

it('never brings back settings of replication that have been replaced', async () => {
  const top = await mkdtemp(join(tmpdir(), 'haservice-settings-'));
  onTestFinished(() => rm(top, { recursive: true }));
  const layout = layoutOf(top);
  const engine = { type: 'Postgres', dataDir: top };
  const context = {
    config: agentConfigSchema.parse({ service: 's', engine, port: 1, agentPort: 2, args: [] }),
    pod: { name: 'a', uid: undefined, ip: '127.0.0.1' },
    passwords: fixedPassword('p'),
    env: {},
    clock: systemClock,
    log: { info: () => {}, warn: () => {}, error: () => {} },
  };
  let go = () => {};
  let space = Promise.resolve({ total: 100 * GiB, free: 90 * GiB });
  const settings = new Settings(context, layout, {
    ...{ osUser: undefined, sockets: top, certificates: top, major: 15, space: () => space },
  });
  await settings.prepare();
  await settings.write({ sync: '', leader: { host: '10.0.0.1', port: 5432 } });
  const text = () => readFile(join(layout.settings, 'postgresql.conf'), 'utf8');
  expect(await text()).toContain('10.0.0.1');
  space = new Promise((resolve) => {
    go = () => resolve({ total: 100 * GiB, free: 8 * GiB });
  });
  const refreshed = settings.refresh();
  const written = settings.write(detached);
  go();
  expect(await refreshed).toBe(true);
  await written;
  expect(await text()).not.toContain('10.0.0.1');
  expect(await text()).toContain('wal_keep_size = 2048MB');
  expect(await settings.refresh()).toBe(false);
});

it.skipIf(!havePostgres)(
  'a running server retains as much as the volume allows, unless the user has set a value',
  { timeout: 60_000 },
  async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    const space: Space = { total: 100 * GiB, free: 80 * GiB };
    let passedMs = 0;
    const clock = { ...systemClock, now: () => systemClock.now() + passedMs };
    const a = await members.add('a', { clock, measure: () => Promise.resolve({ ...space }) });
    await a.promote(1, undefined, true);
    const settings = async () => {
      const [row] = await a.sql<{ followers: number; slots: number }>(
        `SELECT (SELECT setting::int FROM pg_settings WHERE name = 'wal_keep_size') AS followers,
           (SELECT setting::int FROM pg_settings WHERE name = 'max_slot_wal_keep_size') AS slots`,
      );
      // The log itself is a part of it.
      const { followers = 0, slots = 0 } = row ?? {};
      return [Math.round(followers / 100), Math.round(slots / 1000)];
    };
    expect(await settings()).toEqual([102, 41]);
    const until = async (wished: number[]) => {
      passedMs += 60_000;
      while ((await settings()).join() !== wished.join()) await a.engine.report(within());
    };
    space.free = 8 * GiB;
    await until([21, 4]);
    await a.sql('ALTER SYSTEM SET wal_keep_size = 1000');
    space.free = 80 * GiB;
    await until([10, 41]);
  },
);

it.skipIf(!havePostgres)(
  'a running server writes a checkpoint before its log fills a small volume, unless the user has set another size',
  { timeout: 60_000 },
  async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    const measure = () => Promise.resolve({ total: 2 * GiB, free: GiB });
    const a = await members.add('a', { measure });
    await a.promote(1, undefined, true);
    const shown = () => a.sql<{ max_wal_size: string }>('SHOW max_wal_size');
    expect(await shown()).toEqual([{ max_wal_size: '256MB' }]);
    const own = join(layoutOf(a.dataDir).data, 'postgresql.conf');
    await writeFile(own, `${await readFile(own, 'utf8')}max_wal_size = 700MB\n`);
    await a.restart();
    await a.until(({ state }) => state === 'Detached');
    expect(await shown()).toEqual([{ max_wal_size: '700MB' }]);
  },
);

it.skipIf(!havePostgres)(
  'a slot of the user that is left on a former leader does not fill its volume',
  { timeout: 120_000 },
  async () => {
    const members = await Members.create();
    onTestFinished(() => members.end(), 60_000);
    const measure = () => Promise.resolve({ total: GiB / 2, free: GiB / 4 });
    const a = await members.add('a', { measure });
    const b = await members.add('b', { measure });
    await a.promote(1, undefined, true);
    await b.follow(1, a);
    await b.caughtUp(a);
    await a.sql(`SELECT pg_create_physical_replication_slot('left', true)`);
    await a.fence();
    await b.fence();
    await b.promote(2);
    await a.follow(2, b);
    await a.caughtUp(b);
    for (let i = 0; i < 12; i++) {
      await b.sql(`SELECT pg_logical_emit_message(true, 'x', 'y'); SELECT pg_switch_wal()`);
    }
    await b.sql('CHECKPOINT');
    await a.caughtUp(b);
    await a.sql('CHECKPOINT');
    const slots = await a.sql(
      'SELECT slot_name AS name, wal_status AS status FROM pg_replication_slots',
    );
    expect(slots).toEqual([{ name: 'left', status: 'lost' }]);
  },
);
