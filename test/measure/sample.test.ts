import { expect, it } from 'vitest';
import { parseSample } from './sample.ts';

it('reads what the client writes', () => {
  expect(
    parseSample('{"s":"web","k":"kept","t":1000.5,"d":2.3,"ok":false,"e":"ECONNRESET"}'),
  ).toEqual({
    target: 'web',
    sample: { connection: 'kept', sentAt: 1000.5, endedAt: 1002.8, ok: false },
  });
});

it('passes over what is no report', () => {
  expect(parseSample('Error: web has no address')).toBeUndefined();
  expect(parseSample('{"message":"started"}')).toBeUndefined();
});
