import { once } from 'node:events';
import { readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { TestServer } from '../../member-client/testing.ts';
import {
  type TestMember,
  closeAll,
  haveServer,
  held,
  members,
  service,
  pollUntil,
} from './testing.ts';

const offset = async (member: TestMember) => (await member.report()).position!.offset;

afterAll(closeAll);

describe.runIf(haveServer).concurrent('a Redis server under orders', { timeout: 30_000 }, () => {
  test('a new service: one member begins, the others become copies of it', async () => {
    await using all = await members(['a', 'b']);
    const [a, b] = all;
    expect(await a.report()).toEqual({ state: 'Empty' });
    await expect(a.promote(1)).rejects.toThrow('holds no data');
    await expect((await a.client()).set('k', 'v')).rejects.toThrow('READONLY');

    await a.promote(1, { init: true, sync: { members: ['b'], acks: 1 } });
    const client = await a.client();
    await expect(client.set('k', 'v')).rejects.toThrow('NOREPLICAS');
    await b.follow(a, 1);
    await b.linked();
    const followed = { state: 'Following', leader: 'a', linked: true, lagMs: 0 };
    expect(await b.report()).toMatchObject(followed);
    // The leader counts the follower a moment after the follower reports its link.
    await pollUntil(() => client.set('k', 'v').then(Boolean, () => false));
    expect(await client.wait(1, 5_000)).toBe(1);
    const { sync, state } = await a.report();
    expect({ state, sync }).toEqual({ state: 'Leading', sync: { members: ['b'], acks: 1 } });
    // The leader pings its followers each second, also between two reports.
    await pollUntil(async () => (await offset(b)) === (await offset(a)));

    const policy = async () => String(await client.config('GET', 'appendfsync'));
    expect(await policy()).toBe('appendfsync,always');
    await a.promote(2, { sync: { members: [], acks: 0 } });
    expect(await policy()).toBe('appendfsync,everysec');
    expect(await a.report()).toMatchObject({ sync: { acks: 0 }, position: { term: 2 } });
  });

  test('a restarted server answers no reads, takes no writes, has data but no position, until an order comes', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    // Before its log is rewritten, it would restart with the data from before the copy, and report that.
    await pollUntil(async () => {
      await b.report();
      return !(await remembered(b)).includes('cloning');
    });
    for (const member of [a, b]) await member.restart();
    for (const member of [a, b]) {
      expect(await member.report()).toEqual({ state: 'Detached' });
      const client = await member.client();
      await expect(client.get('k')).rejects.toThrow('MASTERDOWN');
      await expect(client.set('k', 'w')).rejects.toThrow('READONLY');
      expect(await held(member)).toBe('v');
    }
    await a.promote(2);
    await b.follow(a, 2, await offset(a));
    expect((await b.linked()).position).toMatchObject({ term: 2 });
  });

  test('once its followers are fenced, a leader gets no acknowledgement for writes that they lack', async () => {
    await using all = await service(['a', 'b', 'c'], 1);
    const [, b, c] = all;
    expect(await all.client.wait(2, 5_000)).toBe(2);
    await Promise.all([b.fence(), c.fence()]);
    expect(await b.report()).toMatchObject({ state: 'Detached', position: { term: 1 } });
    const fenced = await offset(b);
    // Either no follower is left, or no follower confirms the write.
    await all.client.set('k', 'w').catch(() => {});
    expect(await all.client.wait(1, 100)).toBe(0);
    expect(await offset(b)).toBe(fenced);
  });

  test('a failover continues from the data of the followers, without a new copy', async () => {
    await using all = await service(['a', 'b', 'c']);
    const [a, b, c] = all;
    const cut = once(await a.client(), 'end');
    await a.fence();
    await cut;
    expect(await a.report()).toMatchObject({ state: 'Detached', position: { term: 1 } });
    const start = await offset(a);
    await c.fence();
    await b.fence();
    await b.promote(2, { sync: { members: ['a', 'c'], acks: 1 } });
    expect((await b.report()).position).toMatchObject({ term: 2, offset: start });
    await a.follow(b, 2, start);
    await c.follow(b, 2, start);
    for (const member of [a, c]) {
      const { position, loss } = await member.linked();
      expect({ term: position?.term, loss }).toMatchObject({ term: 2, loss: undefined });
    }
    const log = await readFile(join(b.dir, 'log'), 'utf8');
    expect(log.match(/Full resync requested/g)).toBeNull();
    expect(log.match(/Partial resynchronization request from .* accepted/g)).toHaveLength(2);
    await pollUntil(async () => (await readdir(a.dir)).every((name) => !name.includes('diverged')));
  });

  test('a position keeps its old term until the member has all data with which the new leader began', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    const start = await offset(a);
    await b.follow(a, 2, start + 10_000);
    expect((await b.linked()).position).toMatchObject({ term: 1 });
    await all.client.set('big', 'x'.repeat(10_000));
    await b.until('in term 2', ({ position }) => position?.term === 2);
  });

  test('a follower that reconnects by itself to a leader of a later epoch has no term before its order names that log', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    const before = (await a.report()).position?.history;
    await b.follow(a, 2, 0, before);
    expect((await b.until('in term 2', ({ position }) => position?.term === 2)).state).toBe(
      'Following',
    );

    await a.restart();
    await a.promote(3);
    await b.until(
      'linked to another log',
      (report) => report.linked === true && report.position === undefined,
    );
    const history = (await a.report()).position?.history;
    expect(history).not.toBe(before);
    // Too late: the leader has ended, and cannot be asked.
    await a.engine.stop(AbortSignal.timeout(5_000));
    await b.follow(a, 3, 0, history);
    expect((await b.report()).position).toMatchObject({ term: 3, history });
  });

  test('a former leader that had continued: data that only it held are counted, retained and reported', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    const pid = await a.pid();
    process.kill(pid, 'SIGSTOP');
    let answered = false;
    const pending = a.report().finally(() => (answered = true));
    await b.fence();
    const start = await offset(b);
    await b.promote(2);
    await (await b.client()).set('k', 'new');
    expect(answered).toBe(false);

    process.kill(pid, 'SIGCONT');
    await pending;
    await all.client.set('k', 'lost');
    const end = await offset(a);
    expect(end).toBeGreaterThan(start);
    await a.follow(b, 2, start);
    const { loss } = await a.until('reporting its loss', (report) => report.loss !== undefined);
    expect(loss).toMatchObject({ epoch: 2, bytes: end - start });
    const folder = join(a.dir, 'haservice-diverged-2');
    expect(loss?.message).toContain(folder);
    expect(await dataIn(folder)).toContain('lost');
    await a.linked();
    expect(await (await a.client()).get('k')).toBe('new');

    await a.restart();
    expect((await a.report()).loss).toEqual(loss);
  });

  test('foreign data on a volume are retained and reported before they are replaced', async () => {
    await using all = await service(['a', 'b', 'other']);
    const [a, b, other] = all;
    await b.close();
    await all.client.set('k', 'precious');
    expect(await all.client.wait(1, 5_000)).toBe(1);
    // As with the volume of another server, and with that of another service.
    for (const [epoch, change] of [
      [1, (file: string) => rm(file)],
      [2, (file: string) => writeFile(file, JSON.stringify({ held: true, service: 'shop' }))],
    ] as const) {
      // Its log is rewritten after the copy; until then a restart finds the former data.
      await pollUntil(async () => {
        await other.report();
        return !(await remembered(other)).includes('cloning');
      });
      await pollUntil(async () => (await dataIn(other.dir)).includes('precious'));
      await other.fence();
      await other.restart(() => change(memoryFile(other)));
      await a.promote(epoch);
      await other.follow(a, epoch);
      const { loss } = await other.until(
        'reporting its loss',
        (report) => report.loss?.epoch === epoch,
      );
      expect(loss?.message).toContain('not those of this service');
      expect(await dataIn(join(other.dir, `haservice-diverged-${epoch}`))).toContain('precious');
    }
  });

  test('a restarted former leader: its loss is reported, although it cannot be counted', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    const start = await offset(b);
    await b.fence();
    await all.client.set('k', 'lost');
    await a.restart();
    await b.promote(2);
    await a.follow(b, 2, start);
    const { loss } = await a.until('reporting its loss', (report) => report.loss !== undefined);
    expect(loss).toMatchObject({ epoch: 2 });
    expect(loss).not.toHaveProperty('bytes');
    expect(await dataIn(join(a.dir, 'haservice-diverged-2'))).toContain('lost');
  });

  test('a killed former leader to which no client has ever written has lost nothing and reports nothing', async () => {
    await using all = await members(['a', 'b']);
    const [a, b] = all;
    await a.promote(1, { init: true });
    await b.follow(a, 1);
    await b.linked();
    // The second leader is a copy of the first one.
    for (const [epoch, former, next] of [
      [2, a, b],
      [3, b, a],
    ] as const) {
      await pollUntil(async () => {
        await next.report();
        return !(await remembered(next)).includes('cloning');
      });
      const start = await offset(next);
      await former.kill();
      await next.promote(epoch);
      await (await next.client()).call('PING');
      await former.restart();
      await former.follow(next, epoch, start);
      expect(await former.linked()).not.toHaveProperty('loss');
    }
    expect((await readdir(a.dir)).join()).not.toContain('diverged');
  });

  test('a former leader that was fenced before its restart has lost nothing and reports nothing', async () => {
    await using all = await service(['a', 'b']);
    const [a, b] = all;
    await a.fence();
    const start = await offset(a);
    await b.until('level', ({ position }) => position?.offset === start);
    // Stored beside the answer: a process that dies before reports that it may have lost data.
    await pollUntil(async () => (await remembered(a)).includes('ledUntil'));
    await a.restart();
    await b.promote(2);
    await a.follow(b, 2, start);
    expect(await a.linked()).not.toHaveProperty('loss');
  });

  test('a volume that has lost its data does not count as a new member', async () => {
    await using all = await service(['a']);
    const [a] = all;
    await a.kill();
    await rm(join(a.dir, 'appendonlydir'), { recursive: true, maxRetries: 5 });
    for (let start = 1; start <= 2; start++) {
      await a.restart();
      expect(await a.report()).toMatchObject({ state: 'Empty', problem: { reason: 'DataLost' } });
      await expect(a.promote(2)).rejects.toThrow('holds no data');
    }
    await a.promote(3, { init: true });
    expect(await a.report()).not.toHaveProperty('problem');
  });

  test('a snapshot without a log, as from other installations, is loaded', async () => {
    await using all = await service(['a']);
    const [a] = all;
    await all.client.save();
    await a.kill();
    for (const name of ['appendonlydir', '.haservice']) {
      await rm(join(a.dir, name), { recursive: true, maxRetries: 5 });
    }
    for (let start = 1; start <= 2; start++) {
      await a.restart();
      expect(await a.report()).toEqual({ state: 'Detached' });
      expect(await held(a)).toBe('v');
    }
  });

  test('a copy that fails midway: the former data are restored', async () => {
    await using all = await service(['a']);
    const [a] = all;
    const leader = new TestServer((socket) => {
      socket.on('data', (data) => {
        const text = data.toString();
        if (text.includes('PING')) socket.write('+PONG\r\n');
        else if (!text.includes('PSYNC'))
          socket.write('+OK\r\n'.repeat(text.split(/REPLCONF|AUTH/).length - 1));
        else socket.write(`+FULLRESYNC ${'0'.repeat(40)} 1\r\n$20\r\nNOT-A-REDIS-SNAPSHOT`);
      });
    });
    const port = await leader.listen();
    await a.follow({ name: 'b', port }, 2);
    const client = await a.client();
    await pollUntil(async () => (await client.get('k')) === null);
    expect(await a.report()).toEqual({ state: 'Cloning', leader: 'b', durable: false });
    await a.fence();
    await leader.close();
    expect(await a.report()).toMatchObject({ problem: { reason: 'CloneInterrupted' } });
    expect(await held(a)).toBe('v');
    expect(await a.report()).toMatchObject({ state: 'Detached', durable: false });
    await expect(a.promote(3)).rejects.toThrow('may be older than what it has once held');
    await a.promote(3, { acceptOld: true });
    expect(await a.report()).not.toHaveProperty('problem');
    await a.until('durable', ({ durable }) => durable === undefined);
  });

  test('a server that another client has made a leader is fenced', async () => {
    await using all = await service(['a', 'b']);
    const [, b] = all;
    const client = await b.client();
    await client.replicaof('NO', 'ONE');
    const { state, problem, position } = await b.report();
    expect([state, problem?.reason, position]).toEqual(['Detached', 'RoleChanged', undefined]);
    await expect((await b.client()).set('k', 'w')).rejects.toThrow('READONLY');
  });

  test('an order that a frozen server did not take in time has no effect later', async () => {
    await using all = await service(['a']);
    const [a] = all;
    await a.fence();
    const pid = await a.pid();
    process.kill(pid, 'SIGSTOP');
    const order = { member: 'a', epoch: 2, reason: '', init: false };
    const late = a.engine.promote(order, AbortSignal.timeout(50));
    await expect(late).rejects.toThrow('timeout');
    const fenced = a.fence();
    process.kill(pid, 'SIGCONT');
    await fenced;
    expect(await a.report()).toMatchObject({ state: 'Detached', position: { term: 1 } });
    await expect((await a.client()).set('k', 'w')).rejects.toThrow('READONLY');
  });

  test('the end of the server is reported', async () => {
    await using all = await service(['a']);
    const [a] = all;
    process.kill(await a.pid(), 'SIGKILL');
    expect(await a.engine.ended).toEqual({ code: null, signal: 'SIGKILL' });
    await expect(a.report()).rejects.toThrow('the server');
  });
});

const memoryFile = ({ dir }: TestMember) => join(dir, '.haservice', 'redis.json');
const remembered = (member: TestMember) => readFile(memoryFile(member), 'utf8');

/** The content of the log in a folder of data. */
async function dataIn(folder: string): Promise<string> {
  const log = join(folder, 'appendonlydir');
  const files = await readdir(log);
  return (await Promise.all(files.map((name) => readFile(join(log, name), 'utf8')))).join('');
}
