import { expect, it } from 'vitest';
import { Leaders } from './leaders.ts';

it('gives the addresses of each leader, in the order of the epochs', () => {
  const leaders = new Leaders();
  leaders.sawPod('t-0', 'u0', '10.0.0.1');
  leaders.sawPod('t-1', 'u1', '10.0.0.2');
  leaders.sawLeader(4, 't-0', 'u0');
  leaders.sawLeader(6, 't-0');
  leaders.sawLeader(5, 't-1', 'u1');
  // The pod was recreated, with another address.
  leaders.sawPod('t-0', 'u9', '10.0.0.9');
  expect(leaders.since(4)).toEqual([['10.0.0.1'], ['10.0.0.2'], ['10.0.0.1', '10.0.0.9']]);
  expect(leaders.since(5)).toHaveLength(2);
  leaders.sawLeader(6, 't-0', 'u9');
  leaders.sawLeader(6, 't-0');
  expect(leaders.since(6)).toEqual([['10.0.0.9']]);
});
