import { expect, test } from 'vitest';
import { defaultConfig, requiredConfig, userArgs } from './server-config.ts';

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
  const config = {
    ...{ dir: '/d', port: 6379, socket: '/s', appendOnly: true, password: undefined },
    memoryBytes: 2 ** 32,
  };
  const lines = (tls?: string) => requiredConfig({ ...config, tls }).split('\n');
  expect(lines('/t')).toEqual(expect.arrayContaining(['port "0"', 'tls-port "6379"']));
  expect(lines()).toContain('port "6379"');
  expect(lines().join()).not.toMatch(/tls|requirepass|masterauth/);
});

test.each([
  [2 ** 30, 2 ** 28],
  [2 ** 34, 2 ** 31],
])(
  'with %d bytes of memory, %d wait for a copy, and for as long as it takes',
  (memoryBytes, bytes) => {
    const config = { dir: '/d', port: 1, socket: '/s', tls: undefined, password: undefined };
    expect(defaultConfig({ ...config, appendOnly: true, memoryBytes }).split('\n')).toContain(
      `client-output-buffer-limit "replica" "${bytes}" "0" "0"`,
    );
  },
);
