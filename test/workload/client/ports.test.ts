import { expect, test } from 'vitest';
import { Ports } from './ports.ts';

test('gives each port in turn, except those that are still open', () => {
  const ports = new Ports();
  const first = ports.take();
  const second = ports.take();
  expect(second).toBe(first + 1);
  ports.release(second);
  const seen: number[] = [];
  for (let port = ports.take(); port !== second; port = ports.take()) {
    seen.push(port);
    ports.release(port);
  }
  expect(seen).not.toContain(first);
  expect(new Set(seen).size).toBe(seen.length);
  expect(seen.length).toBeGreaterThan(40_000);
});
