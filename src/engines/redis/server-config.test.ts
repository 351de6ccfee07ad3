import { expect, test } from 'vitest';
import { musts, userArgs } from './server-config.ts';

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

test('a server with a certificate speaks nothing else, and one without a password asks for none', () => {
  const config = { dir: '/d', port: 6379, socket: '/s', appendOnly: true, password: undefined };
  const lines = (tls?: string) => musts({ ...config, tls }).split('\n');
  expect(lines('/t')).toEqual(expect.arrayContaining(['port "0"', 'tls-port "6379"']));
  expect(lines()).toContain('port "6379"');
  expect(lines().join()).not.toMatch(/tls|requirepass|masterauth/);
});
