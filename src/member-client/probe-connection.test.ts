import { errors } from 'undici';
import { describe, expect, it } from 'vitest';
import { type ProbeConnectionEvents, emitFailure } from './probe-connection.ts';

function kindOf(error: unknown): string {
  let kind = '';
  const set = (name: string) => () => void (kind = name);
  const events: ProbeConnectionEvents = {
    answer: set('answer'),
    badAnswer: set('badAnswer'),
    refused: set('refused'),
    closed: set('closed'),
    unreachable: set('unreachable'),
    fault: set('fault'),
  };
  emitFailure(error, events);
  return kind;
}

const coded = (code: string) => Object.assign(new Error(code), { code });

describe('a failed connection', () => {
  it.each([
    ['ECONNREFUSED', 'refused'],
    ['ECONNRESET', 'closed'],
    ['EPIPE', 'closed'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ETIMEDOUT', 'unreachable'],
    ['EPERM', 'unreachable'],
    ['EMFILE', 'fault'],
    ['EADDRNOTAVAIL', 'fault'],
    ['ENOBUFS', 'fault'],
  ])('with %s is %s', (code, kind) => {
    expect(kindOf(coded(code))).toBe(kind);
  });

  it('is a wrong answer if it violates HTTP, and closed if it ends', () => {
    expect(kindOf(new errors.HeadersOverflowError())).toBe('badAnswer');
    expect(kindOf(new errors.SocketError('other side closed'))).toBe('closed');
  });

  it('without a known code is unreachable', () => {
    expect(kindOf(new Error('?'))).toBe('unreachable');
    expect(kindOf('?')).toBe('unreachable');
  });
});
