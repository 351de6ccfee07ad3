import { expect, test } from 'vitest';
import { requiredConfig, userArgs } from './server-config.ts';

test.each([
  [[], []],
  [
    ['--maxmemory', '1gb'],
    ['--maxmemory', '1gb'],
  ],
  [['redis-server'], []],
  [
    ['/usr/bin/valkey-server', '--save', ''],
    ['--save', ''],
  ],
  [
    ['redis-server', '/etc/redis.conf', '--save', ''],
    ['--include', '/etc/redis.conf', '--save', ''],
  ],
])('arguments of a container as options: %j', (args, options) => {
  expect(userArgs(args)).toEqual(options);
});

test('a server with a certificate uses TLS only, and one without a password requires none', () => {
  const config = { dir: '/d', port: 6379, socket: '/s', appendOnly: true, password: undefined };
  const lines = (tls?: string) => requiredConfig({ ...config, tls }).split('\n');
  expect(lines('/t')).toEqual(expect.arrayContaining(['port "0"', 'tls-port "6379"']));
  expect(lines()).toContain('port "6379"');
  expect(lines().join()).not.toMatch(/tls|requirepass|masterauth/);
});
