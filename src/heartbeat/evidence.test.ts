import { expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { Evidence } from './evidence.ts';

it('says how often the last thing was seen again, in words', () => {
  const evidence = new Evidence(new FakeClock());
  const refused = () => {
    evidence.add({ type: 'refused', message: 'connection refused' });
    return evidence.text();
  };
  expect(refused()).toMatch(/^never answered well, connection refused at \S+$/);
  expect(refused()).toMatch(/ and once after$/);
  expect(refused()).toMatch(/ and 2 times after$/);
});
