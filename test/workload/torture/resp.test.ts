import fc from 'fast-check';
import { expect, it } from 'vitest';
import { RedisError, type Reply, ReplyReader, encodeCommand } from './resp.ts';

const leaf = fc.oneof(
  fc.stringMatching(/^[A-Z ]{0,8}$/),
  fc.integer(),
  fc.uint8Array({ maxLength: 20 }).map((bytes) => Buffer.from(bytes)),
  fc.constant(null),
  fc.constantFrom('READONLY no', 'ERR what').map((text) => new RedisError(text)),
);
const reply = fc.oneof(leaf, fc.array(leaf, { maxLength: 4 })) as fc.Arbitrary<Reply>;

function encode(value: Reply): Buffer {
  if (value === null) return Buffer.from('$-1\r\n');
  if (value instanceof RedisError) return Buffer.from(`-${value.message}\r\n`);
  if (typeof value === 'number') return Buffer.from(`:${value}\r\n`);
  if (typeof value === 'string') return Buffer.from(`+${value}\r\n`);
  if (Buffer.isBuffer(value)) {
    return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')]);
  }
  return Buffer.concat([Buffer.from(`*${value.length}\r\n`), ...value.map(encode)]);
}

it('reads every answer, however the bytes are split', () => {
  fc.assert(
    fc.property(fc.array(reply, { maxLength: 5 }), fc.array(fc.nat(400)), (replies, cuts) => {
      const bytes = Buffer.concat(replies.map(encode));
      const reader = new ReplyReader();
      const found: Reply[] = [];
      let from = 0;
      for (const to of [...cuts.sort((a, b) => a - b), bytes.length]) {
        found.push(...reader.push(bytes.subarray(from, Math.max(from, to))));
        from = Math.max(from, to);
      }
      expect(found).toEqual(replies);
    }),
  );
});

it('writes commands, and names the reason of a refusal', () => {
  expect(encodeCommand(['SET', 'ä', 12])).toBe('*3\r\n$3\r\nSET\r\n$2\r\nä\r\n$2\r\n12\r\n');
  expect(new RedisError('READONLY You cannot write').code).toBe('READONLY');
  expect(() => new ReplyReader().push(Buffer.from('HTTP/1.1\r\n'))).toThrow(
    'not an answer of Redis',
  );
});
