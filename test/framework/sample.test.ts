import { expect, it } from 'vitest';
import { parseSample } from './sample.ts';

it('reads what the client writes', () => {
  expect(
    parseSample('{"s":"web","k":"kept","t":1000.5,"d":2.3,"ok":false,"e":"ECONNRESET"}', 250),
  ).toEqual({
    target: 'web',
    sample: { connection: 'kept', sentAt: 1000.5, endedAt: 1002.8, ok: false, error: 'ECONNRESET' },
  });
});

it('passes over what is no report', () => {
  expect(parseSample('Error: web has no address', 250)).toBeUndefined();
  expect(parseSample('{"message":"started"}', 250)).toBeUndefined();
});

it('passes over what the client gave up late: it did not run itself', () => {
  const line = (tookMs: number) =>
    `{"s":"web","k":"new","t":1000,"d":${tookMs},"ok":false,"e":"timeout"}`;
  expect(parseSample(line(251), 250)).toBeDefined();
  expect(parseSample(line(700), 250)).toBeUndefined();
});
