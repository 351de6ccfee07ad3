import { expect, test } from 'vitest';
import { type Following, ReplicationHistory } from './replication-history.ts';
import type { ServerInfo } from './server-info.ts';

const leader = { member: 'b', host: '10.0.0.2', port: 6379 };

function info(replid: string, offset: number, change: Partial<ServerInfo> = {}): ServerInfo {
  const master = { ...leader, linked: true, syncing: false, copied: undefined, silentSeconds: 0 };
  return {
    ...{ loading: false, logging: true, rewriting: false, diskError: undefined },
    ...{ replid, replid2: '0', offset, master, ...change },
  };
}

function following(
  epoch: number,
  replid: string,
  start?: number,
  log: { history?: string } = {},
): Following {
  const order = {
    member: 'a',
    epoch,
    reason: '',
    leader,
    ...(start === undefined ? {} : { start }),
    ...log,
  };
  return { kind: 'following', order, replid, link: 'none' };
}

/** Led in epoch 1. */
function history(): ReplicationHistory {
  const data = new ReplicationHistory();
  data.lead(1);
  return data;
}

const unlinked = (replid: string, offset: number, change: Partial<ServerInfo> = {}) => {
  const whole = info(replid, offset, change);
  return { ...whole, master: { ...whole.master!, linked: false } };
};

test('a partial resync: the new term counts from its start on', () => {
  const data = history();
  const target = following(2, 'x', 100);
  expect(data.update(unlinked('x', 90), target)).toBeUndefined();
  expect(data.update(info('y', 99, { replid2: 'x' }), target)).toBe('partial');
  expect(data.position(info('y', 99))).toMatchObject({ term: 1, offset: 99 });
  expect(data.update(info('y', 100, { replid2: 'x' }), target)).toBeUndefined();
  expect(data.position(info('y', 100))).toMatchObject({ term: 2, offset: 100 });
});

test('a link between two reports is noticed by the history that it has left', () => {
  const data = history();
  expect(data.update(unlinked('y', 100, { replid2: 'x' }), following(2, 'x', 100))).toBe('partial');
  expect(data.position(info('y', 100))).toMatchObject({ term: 2, offset: 100 });
});

test("a full resync counts only from the start of the leader's term", () => {
  const data = history();
  const target = following(2, 'x', 100);
  const syncing = { ...info('x', 90).master!, linked: false, syncing: true };
  expect(data.position(info('x', 90, { master: syncing }))).toBeUndefined();
  expect(data.position(info('x', 90, { loading: true }))).toBeUndefined();
  expect(data.update(info('z', 99), target)).toBe('full');
  expect(data.position(info('z', 99))).toBeUndefined();
  data.update(info('z', 100), target);
  expect(data.position(info('z', 100))).toMatchObject({ term: 2, offset: 100 });
});

test('data of a leader that has begun a new history belong to no known term', () => {
  const data = history();
  const target = following(2, 'x');
  data.update(info('y', 100, { replid2: 'x' }), target);
  data.update(info('z', 5), target);
  data.update(info('z', 6), target);
  expect(data.position(info('z', 6))).toBeUndefined();
  expect(data.update(info('z', 7), following(3, 'z'))).toBe('partial');
  expect(data.position(info('z', 7))).toMatchObject({ term: 3, offset: 7 });
});

test('a log that the order does not name gives no term, however it came, until an order names it', () => {
  const first = new ReplicationHistory();
  expect(first.update(info('z', 5), following(1, 'own', 0, { history: 'x' }))).toBe('full');
  expect(first.position(info('z', 5))).toBeUndefined();

  const data = history();
  const target = following(1, 'x', 0, { history: 'x' });
  data.update(info('x', 100), target);
  data.update(info('z', 110, { replid2: 'x' }), target);
  expect(data.position(info('z', 110))).toBeUndefined();
  // The leader need not be there any more.
  data.update(unlinked('z', 110), following(3, 'z', 105, { history: 'z' }));
  expect(data.position(info('z', 110))).toMatchObject({ term: 3, offset: 110 });
});

test('before the first link to the leader, the data belong to the term that they had', () => {
  const data = history();
  data.update(unlinked('x', 100), following(2, 'x', 0, { history: 'y' }));
  expect(data.position(info('x', 100))).toMatchObject({ term: 1, offset: 100 });
});

test('a late answer does not bring back an older term', () => {
  const data = history();
  data.lead(3);
  data.update(info('x', 100), following(2, 'x'));
  expect(data.position(info('x', 100))).toMatchObject({ term: 3, offset: 100 });
});

test('a failed copy has no position, until there is a link', () => {
  const data = history();
  const target = following(2, 'x');
  data.update(unlinked('x', 90, { logging: false }), target);
  expect([data.hasCopyFailed, data.position(info('x', 90))]).toEqual([true, undefined]);
  data.update(info('z', 100), target);
  const position = { term: 2, offset: 100, history: 'z' };
  expect([data.hasCopyFailed, data.position(info('z', 100))]).toEqual([false, position]);
});
