import { chown, mkdir, mkdtemp, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { HAError } from '../../api/errors.ts';
import { userLookupFolder } from '../../protocol/agent-config.ts';
import { Members, havePostgres } from './testing.ts';
import { UserLookup, answerTo } from './user-entry.ts';

const entry = { name: 'postgres', uid: 54_321, gid: 54_322 };
const request = (kind: number, key: string, version = 2) =>
  Buffer.concat([
    Buffer.from(Int32Array.from([version, kind, key.length + 1]).buffer),
    Buffer.from(`${key}\0`),
  ]);

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'user-entry-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
const isThere = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );
const isRoot = process.getuid?.() === 0;
/** A real cache is left alone. */
const isFree = !(await isThere(join(userLookupFolder, 'socket')));

describe('the answer about the user of the tools', () => {
  it.each([
    ['its number', request(1, '54321')],
    ['its name', request(0, 'postgres')],
  ])('has its entry, asked for %s', (_, bytes) => {
    const answer = answerTo(bytes, entry) as Buffer;
    const numbers = [...new Int32Array(Uint8Array.from(answer.subarray(0, 36)).buffer)];
    expect(numbers).toEqual([2, 1, 9, 2, 54_321, 54_322, 1, 2, 8]);
    expect(answer.toString('utf8', 36)).toBe('postgres\0x\0\0/\0/bin/sh\0');
  });

  it.each([
    ['another user', request(1, '0')],
    ['a group', request(2, 'postgres')],
    ['a host', request(4, 'postgres')],
    ['another version', request(1, '54321', 3)],
    ['a key without an end', Buffer.from(Int32Array.from([2, 1, 1_000_000]).buffer)],
    ['a negative length', Buffer.from(Int32Array.from([2, 1, -1]).buffer)],
  ])('is none about %s: the library looks where it would look anyway', (_, bytes) => {
    expect(answerTo(bytes, entry)).toBeUndefined();
  });

  it('waits for the whole request', () => {
    const bytes = request(1, '54321');
    for (let length = 0; length < bytes.length; length++) {
      expect(answerTo(bytes.subarray(0, length), entry)).toBe('More');
    }
  });
});

describe('a tool that looks its user up', () => {
  it('finds the socket while it runs, and nobody does later', async () => {
    const folder = await makeFolder();
    const socket = join(folder, 'socket');
    const lookup = new UserLookup(entry, folder);
    const ask = () =>
      new Promise<string>((resolve, reject) => {
        const client = connect(socket, () => client.write(request(1, '54321')));
        client.on('error', reject).on('data', (bytes) => resolve(bytes.toString('latin1', 36, 44)));
      });
    // Two at a time: the first end does not take it from the other.
    await lookup.during(async () => {
      await lookup.during(ask);
      expect(await ask()).toBe('postgres');
    });
    expect(await isThere(socket)).toBe(false);
    await lookup.during(async () => expect(await ask()).toBe('postgres'));
    expect(await isThere(socket)).toBe(false);
  });

  it('finds the socket also if it starts at the moment when another one ends', async () => {
    const folder = await makeFolder();
    const socket = join(folder, 'socket');
    const lookup = new UserLookup(entry, folder);
    for (let turns = 0; turns < 12; turns++) {
      const [begin, end] = [Promise.withResolvers<undefined>(), Promise.withResolvers<undefined>()];
      const first = lookup.during(() => {
        begin.resolve(undefined);
        return end.promise;
      });
      await begin.promise;
      end.resolve(undefined);
      for (let turn = 0; turn < turns; turn++) await Promise.resolve();
      // Whatever the first one still has to do at its end.
      const second = lookup.during(async () => {
        await first;
        return isThere(socket);
      });
      expect([turns, await second]).toEqual([turns, true]);
    }
    expect(await isThere(socket)).toBe(false);
  });

  it('needs no socket if the image knows the user', async () => {
    const folder = await makeFolder();
    const known = new UserLookup({ uid: 0, gid: 0 }, folder);
    await known.during(async () => expect(await isThere(join(folder, 'socket'))).toBe(false));
  });

  it('says what to do if the socket does not help', async () => {
    // No folder can be made there.
    const lookup = new UserLookup(entry, '/dev/null/folder');
    const text = 'initdb: could not look up effective user ID 54321: user does not exist';
    const fail = () => Promise.reject(new HAError('HA_ERR_COMMAND_FAILED', text));
    await expect(lookup.during(fail)).rejects.toThrow(
      /^Postgres runs as user 54321, which the image does not know: write securityContext.runAsUser of/,
    );
    const other = () => Promise.reject(new HAError('HA_ERR_COMMAND_FAILED', 'disk full'));
    await expect(lookup.during(other)).rejects.toThrow(/^disk full/);
  });

  it.runIf(havePostgres && isRoot && isFree)(
    'is initdb, and postgres in single-user mode: a leader and its follower run as a user that this machine does not know',
    { timeout: 120_000 },
    async () => {
      const hadFolder = await isThere(userLookupFolder);
      const members = await Members.create();
      onTestFinished(() => members.end());
      const make = async (name: string) => {
        const data = join(members.folder, name);
        await mkdir(data);
        await chown(data, entry.uid, entry.gid);
        return members.add(name);
      };
      const [leader, follower] = [await make('a'), await make('b')];
      await leader.promote(1, { members: [], acks: 0 }, true);
      await leader.until(({ state }) => state === 'Leading');
      await leader.sql('create table t as select 42 as n');
      await follower.follow(1, leader);
      await follower.caughtUp(leader);
      expect(await follower.sql('select n from t')).toEqual([{ n: 42 }]);
      const { uid } = await stat(`/proc/${follower.engine.pid}`);
      expect(uid).toBe(entry.uid);
      expect(await isThere(join(userLookupFolder, 'socket'))).toBe(false);
      if (!hadFolder) await rm(userLookupFolder, { recursive: true });
    },
  );
});
