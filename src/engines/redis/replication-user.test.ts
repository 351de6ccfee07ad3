import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { type AddressInfo, type Socket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { systemClock } from '../../lib/clock.ts';
import { fixedPassword } from '../engine-context.ts';
import { replicationPassword } from './replication-user.ts';
import {
  type MemberOptions,
  type TestMember,
  closeAll,
  haveServer,
  members,
  pollUntil,
  service,
  standby,
} from './testing.ts';

afterAll(closeAll);

const password = 'the secret itself';
/** The Secret was changed, and not every member has seen that. */
const changed = { ...fixedPassword(password), former: ['former secret'] };
const exclusive = { members: ['b'], acks: 1, exclusive: true };

/** a leads, in Strong and for members alone; b follows. */
async function strong(options: MemberOptions = { password }) {
  const all = await service(['a', 'b'], 1, options);
  await all[0].promote(1, { sync: exclusive });
  return all;
}

const users = async (leader: TestMember) => {
  const client = await leader.client();
  const list = String(await client.call('CLIENT', 'LIST', 'TYPE', 'replica'));
  return [...list.matchAll(/ user=(\S+)/g)].map(([, user]) => user);
};

/** Redis 7.0 names the rules in an order that differs from start to start. */
const userOf = async (member: TestMember, user: string) =>
  String(await (await member.client()).call('ACL', 'GETUSER', user))
    .split(/[ ,]/)
    .toSorted();

test('the password of the user tells nothing of that of the service, and differs by service', () => {
  const derived = (service: string, secret?: string) => replicationPassword(service, secret);
  const all = [derived('a', 'x'), derived('b', 'x'), derived('a', 'y'), derived('a')];
  expect(new Set(all).size).toBe(4);
  expect(all.join()).not.toContain('x');
  expect(derived('a', 'x')).toBe(derived('a', 'x'));
});

describe.runIf(haveServer).concurrent('the user of replication', { timeout: 30_000 }, () => {
  test('is that of the members, which keep the password of the service to themselves', async () => {
    await using all = await strong();
    const [a, b] = all;
    expect(await users(a)).toEqual(['haservice-replication']);
    const set = String(await (await b.client()).config('GET', 'master*'));
    expect(set).toContain('haservice-replication');
    expect(set).not.toContain(password);
    const other = await a.client();
    const secret = replicationPassword('test', password);
    await other.call('AUTH', 'haservice-replication', secret);
    await expect(other.get('k')).rejects.toThrow('NOPERM');
  });

  test('a replica that is no member does not count, is refused and named', async () => {
    await using all = await strong();
    const [a, b] = all;
    using _foreign = standby(a, { password });
    const { problem } = await a.until('naming it', (report) => report.problem !== undefined);
    expect(problem?.reason).toBe('ForeignReplica');
    expect(problem?.message).toContain('user default at 127.0.0.1');
    await b.fence();
    await pollUntil(async () => (await users(a)).length === 0);
    await expect(all.client.set('k', 'w')).rejects.toThrow('NOREPLICAS');
    expect(await all.client.wait(1, 100)).toBe(0);
  });

  test('a replica that is no member does not mask another fault of the leader, nor is masked by one', async () => {
    await using all = await strong();
    const [a] = all;
    using _foreign = standby(a, { password });
    await all.client.config('SET', 'appendfsync', 'no', 'appendonly', 'no');
    const reasons = async () => {
      const { problem, furtherProblems = [] } = await a.report();
      return [problem, ...furtherProblems].map((one) => one?.reason).toSorted();
    };
    const wished = ['ForeignReplica', 'LogOff', 'WeakSettings'];
    await pollUntil(async () => (await reasons()).join() === wished.join());
  });

  test('a replica that was there before, or that somebody allows later, is disconnected', async () => {
    await using all = await service(['a', 'b'], 1, { password });
    const [a] = all;
    using _before = standby(a, { password });
    // As members of an earlier version replicate, too, the leader admits everybody as long as the order does not say otherwise.
    await pollUntil(async () => (await users(a)).includes('default'));
    expect(await a.report()).not.toHaveProperty('problem');

    await a.promote(1, { sync: exclusive });
    await a.report();
    expect(await users(a)).toEqual(['haservice-replication']);

    await all.client.call('ACL', 'SETUSER', 'cdc', 'on', '>p', '+@all', '~*');
    using _later = standby(a, { user: 'cdc', password: 'p' });
    const named = ({ problem }: { problem?: { message: string } | undefined }) =>
      problem?.message.includes('user cdc at') === true;
    await a.until('naming it', named);
    expect(await users(a)).toEqual(['haservice-replication']);
  });

  test.each([
    ['selectors', ['-@all', '(+@all ~* &*)', '(+get ~a* %R~b*)']],
    ['one first argument alone', ['-@all', '+psync|?', '+replconf', '+ping']],
  ])(
    'a user has the right by %s: is refused, and has all rights again afterwards',
    async (_by, rules) => {
      await using all = await strong({ password });
      const [a, b] = all;
      await all.client.call('ACL', 'SETUSER', 'cdc', 'on', '>p', ...rules);
      const before = await userOf(a, 'cdc');
      using _foreign = standby(a, { user: 'cdc', password: 'p' });
      await a.until('refusing it', ({ problem }) => problem?.reason === 'ForeignReplica');
      await pollUntil(async () => !(await users(a)).includes('cdc'));
      const refusals = async () => String(await all.client.call('ACL', 'LOG')).includes('psync');
      await pollUntil(refusals);
      expect(await users(a)).toEqual(['haservice-replication']);
      const other = await all.client.call('ACL', 'DRYRUN', 'cdc', 'get', 'a1');
      expect(other).toEqual(rules.length === 3 ? 'OK' : expect.stringContaining('no permissions'));

      await a.fence();
      await b.fence();
      await b.promote(2, { sync: { members: ['a'], acks: 1, exclusive: true } });
      await a.follow(b, 2);
      await a.linked();
      expect(await userOf(a, 'cdc')).toEqual(before);
    },
  );

  test('a user may begin with one history alone: is refused, too, before anything has replicated', async () => {
    await using all = await service(['a', 'b'], 1, { password });
    const [a] = all;
    await all.client.call('ACL', 'SETUSER', 'cdc', '-@all', '+psync|abc', '(+psync|def)');
    await a.promote(1, { sync: exclusive });
    for (const history of ['abc', 'def']) {
      const answer = await all.client.call('ACL', 'DRYRUN', 'cdc', 'psync', history, '1');
      expect(answer).toContain('no permissions');
    }
  });

  test('a former leader that follows again admits everybody: there a replica does no harm', async () => {
    await using all = await strong();
    const [a, b] = all;
    await Promise.all([a.fence(), b.fence()]);
    await b.promote(2, { sync: { members: ['a'], acks: 1, exclusive: true } });
    await a.follow(b, 2);
    await a.linked();
    using _tool = standby(a, { password });
    await pollUntil(async () => (await users(a)).includes('default'));
    expect(await users(b)).toEqual(['haservice-replication']);
  });

  test('a leader of an earlier version, which does not know the user, is followed as before', async () => {
    await using all = await service(['a', 'b'], 1, { password });
    const [a, b] = all;
    await b.fence();
    await all.client.call('ACL', 'DELUSER', 'haservice-replication');
    await b.follow(a, 1);
    await b.linked();
    expect(await users(a)).toEqual(['default']);
  });

  test('a leader whose contract says that it knows the user is never shown the password of the service', async () => {
    await using all = await members(['b'], { passwords: changed });
    const shown: string[] = [];
    // It has taken over the address of the leader, and refuses each login.
    using impostor = await listen((socket) => {
      socket.on('data', (data) => {
        shown.push(String(data));
        socket.write('-WRONGPASS\r\n');
      });
    });
    const { port } = impostor;
    const isShown = () => shown.some((text) => text.includes(password));
    await all[0].follow({ name: 'a', port, replicationUser: true }, 1);
    await all[0].until('told', ({ problem }) => problem?.reason === 'WrongPassword');
    expect(shown.join()).toContain(replicationPassword('test', password));
    expect(isShown()).toBe(false);
    // As an operator of an earlier version orders it.
    await all[0].follow({ name: 'a', port }, 2);
    await pollUntil(async () => isShown());
  });

  test('a newer order does not wait for a leader that does not answer, while a password is changed', async () => {
    await using all = await members(['b'], { passwords: changed });
    const superseded = new AbortController();
    let supersededAt = Infinity;
    using silent = await listen(() => {
      supersededAt = systemClock.now();
      superseded.abort(new Error('superseded'));
    });
    const { port } = silent;
    const follow = all[0].follow({ name: 'a', port }, 1, undefined, undefined, superseded.signal);
    await expect(follow).rejects.toThrow('superseded');
    // Not after the time limit of the question to the leader, which is longer.
    expect(systemClock.now() - supersededAt).toBeLessThan(1_500);
  });

  test('the users that ACL SAVE has written on a leader have all rights after each restart', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'users.acl');
    const lines = [
      'user default on nopass ~* &* +@all',
      'user cdc on >p -@all +psync +get ~a* (~b* +@all)',
      'user other on >p -@all',
      'user later on >p +@all',
    ];
    await writeFile(file, `${lines.join('\n')}\n`);
    await using all = await members(['a'], { args: ['--aclfile', file] });
    const [a] = all;
    const before = await userOf(a, 'cdc');
    await a.promote(1, { init: true, sync: { members: [], acks: 0, exclusive: true } });
    const client = await a.client();
    const mayReplicate = async (user: string) =>
      (await (await a.client()).call('ACL', 'DRYRUN', user, 'psync', '?', '-1')) === 'OK';
    expect(await Promise.all(['default', 'cdc', 'later'].map(mayReplicate))).not.toContain(true);
    await client.call('ACL', 'SAVE');
    for (let restart = 1; restart <= 2; restart++) {
      await a.restart();
      expect(await userOf(a, 'cdc')).toEqual(before);
      const able = ['default', 'cdc', 'later', 'other'].map(mayReplicate);
      expect(await Promise.all(able)).toEqual([true, true, true, false]);
    }
    // What somebody has changed in the file holds.
    const saved = (await readFile(file, 'utf8')).split('\n');
    const changed = saved.map((line) =>
      line.startsWith('user later') ? 'user later on >p +@all -@dangerous -psync -sync' : line,
    );
    await a.restart(() => writeFile(file, changed.join('\n')));
    expect(await Promise.all(['cdc', 'later'].map(mayReplicate))).toEqual([true, false]);
  });

  test('is created again if somebody removes it, as the reload of a file of users does', async () => {
    await using folder = await temporaryFolder();
    const file = join(folder.path, 'users.acl');
    await writeFile(file, 'user default on nopass ~* &* +@all\n');
    await using all = await strong({ args: ['--aclfile', file] });
    const [a] = all;
    await all.client.call('ACL', 'LOAD');
    await pollUntil(async () => {
      await a.report();
      return (await users(a)).join() === 'haservice-replication';
    });
  });

  test.each(['off', 'resetpass'])('is repaired if somebody changes it: %s', async (change) => {
    await using all = await strong({ password });
    const [a] = all;
    await all.client.call('ACL', 'SETUSER', 'haservice-replication', change);
    await all.client.call('CLIENT', 'KILL', 'TYPE', 'replica');
    await pollUntil(async () => {
      await a.report();
      return (await users(a)).join() === 'haservice-replication';
    });
  });
});

/** A server that is no Redis. */
async function listen(connected: (socket: Socket) => void): Promise<Disposable & { port: number }> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => {}));
    connected(socket);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  const close = () => {
    server.close();
    for (const socket of sockets) socket.destroy();
  };
  return { port, [Symbol.dispose]: close };
}

async function temporaryFolder(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'redis-acl-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}
