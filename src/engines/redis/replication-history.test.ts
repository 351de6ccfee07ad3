import { expect, test } from 'vitest';
import { type Following, ReplicationHistory } from './replication-history.ts';
import type { ServerInfo } from './server-info.ts';

const leader = { member: 'b', host: '10.0.0.2', port: 6379 };

function info(replid: string, offset: number, change: Partial<ServerInfo> = {}): ServerInfo {
  const master = { ...leader, linked: true, syncing: false, silentSeconds: 0 };
  return {
    ...{ loading: false, logging: true, rewriting: false, diskError: undefined },
    ...{ replid, replid2: '0', offset, master, ...change },
  };
}

function following(epoch: number, replid: string, start?: number): Following {
  const order = {
    member: 'a',
    epoch,
    reason: '',
    leader,
    ...(start === undefined ? {} : { start }),
  };
  return { kind: 'following', order, replid, link: 'none' };
}

/** Led in epoch 1. */
function lineage(): ReplicationHistory {
  const data = new ReplicationHistory();
  data.lead(1);
  return data;
}

const unlinked = (replid: string, offset: number, change: Partial<ServerInfo> = {}) => {
  const whole = info(replid, offset, change);
  return { ...whole, master: { ...whole.master!, linked: false } };
};

test('it goes on from what it holds: the new term counts from its beginning on', () => {
  const data = lineage();
  const course = following(2, 'x', 100);
  expect(data.see(unlinked('x', 90), course)).toBeUndefined();
  expect(data.see(info('y', 99, { replid2: 'x' }), course)).toBe('continued');
  expect(data.position(info('y', 99))).toMatchObject({ term: 1, offset: 99 });
  expect(data.see(info('y', 100, { replid2: 'x' }), course)).toBeUndefined();
  expect(data.position(info('y', 100))).toMatchObject({ term: 2, offset: 100 });
});

test('a link that came and went between two looks is known by the history that it left behind', () => {
  const data = lineage();
  expect(data.see(unlinked('y', 100, { replid2: 'x' }), following(2, 'x', 100))).toBe('continued');
  expect(data.position(info('y', 100))).toMatchObject({ term: 2, offset: 100 });
});

test('a copy counts only from where the term of its leader began', () => {
  const data = lineage();
  const course = following(2, 'x', 100);
  const syncing = { ...info('x', 90).master!, linked: false, syncing: true };
  expect(data.position(info('x', 90, { master: syncing }))).toBeUndefined();
  expect(data.position(info('x', 90, { loading: true }))).toBeUndefined();
  expect(data.see(info('z', 99), course)).toBe('replaced');
  expect(data.position(info('z', 99))).toBeUndefined();
  data.see(info('z', 100), course);
  expect(data.position(info('z', 100))).toMatchObject({ term: 2, offset: 100 });
});

test('what came from a leader that has begun anew belongs to no term that is known', () => {
  const data = lineage();
  const course = following(2, 'x');
  data.see(info('y', 100, { replid2: 'x' }), course);
  data.see(info('z', 5), course);
  data.see(info('z', 6), course);
  expect(data.position(info('z', 6))).toBeUndefined();
  expect(data.see(info('z', 7), following(3, 'z'))).toBe('continued');
  expect(data.position(info('z', 7))).toMatchObject({ term: 3, offset: 7 });
});

test('an answer that comes late does not bring back an older term', () => {
  const data = lineage();
  data.lead(3);
  data.see(info('x', 100), following(2, 'x'));
  expect(data.position(info('x', 100))).toMatchObject({ term: 3, offset: 100 });
});

test('a copy that failed has no position, until there is a link', () => {
  const data = lineage();
  const course = following(2, 'x');
  data.see(unlinked('x', 90, { logging: false }), course);
  expect([data.torn, data.position(info('x', 90))]).toEqual([true, undefined]);
  data.see(info('z', 100), course);
  const position = { term: 2, offset: 100, history: 'z' };
  expect([data.torn, data.position(info('z', 100))]).toEqual([false, position]);
});
