import { expect, test } from 'vitest';
import { readSettings } from './settings.ts';

test('defaults', () => {
  expect(readSettings({}, 'host')).toEqual({
    pod: 'host',
    zone: undefined,
    ports: { http: 8080, line: 9090 },
    hooks: false,
    misbehaviour: 'none',
  });
});

test('everything set', () => {
  const env = { POD_NAME: 'web-0', ZONE: 'zone-a', PORT: '80', LINE_PORT: '81', HOOKS: 'true' };
  expect(readSettings({ ...env, MISBEHAVE: 'unhealthy' }, 'host')).toEqual({
    pod: 'web-0',
    zone: 'zone-a',
    ports: { http: 80, line: 81 },
    hooks: true,
    misbehaviour: 'unhealthy',
  });
  expect(readSettings({ LISTEN: 'none' }, 'host').ports).toBeUndefined();
});

test.each([{ MISBEHAVE: 'sik' }, { PORT: 'http' }, { HOOKS: 'yes' }, { LISTEN: 'all' }])(
  'refuses %j',
  (env) => {
    expect(() => readSettings(env, 'host')).toThrow(Object.keys(env)[0]);
  },
);
