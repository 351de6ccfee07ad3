import { expect, it } from 'vitest';
import { configText, hasDefaultLogSize } from './server-config.ts';

it('lets no reader hold up the replay of a member that follows nobody, whatever the own file says', () => {
  const lines = (connection: string) =>
    configText({
      ...{ ownFile: '/data/pgdata/postgresql.conf', connection, sync: '', readOnly: false },
      retention: { followersMiB: 64, slotsMiB: 64, checkpointMiB: 128 },
      ...{ hasDefaultLogSize: false, certificate: undefined },
    }).split('\n');
  const alone = lines('');
  const include = alone.indexOf("include_if_exists = '/data/pgdata/postgresql.conf'");
  expect(include).toBeGreaterThan(0);
  expect(alone.indexOf('max_standby_streaming_delay = 0')).toBeGreaterThan(include);
  expect(alone.indexOf('max_standby_archive_delay = 0')).toBeGreaterThan(include);
  expect(lines('host=a').join()).not.toContain('max_standby');
});

it.each([
  ['#max_wal_size = 2GB\nmax_wal_size = 1GB\nmin_wal_size = 80MB\n', true],
  ['max_wal_size = 1GB\nmax_wal_size = 2GB\n', false],
  ['max_wal_size = 1GB # by me\n', false],
  ["max_wal_size='1GB'\n", false],
  ['max_wal_size = 64GB\n', false],
  ["max_wal_size = 1GB\ninclude_dir = 'conf.d'\n", false],
  ["max_wal_size = 1GB\n#include_dir = '...'\n", true],
  ['', false],
])('initdb has written the size of the log in %j: %s', (text, expected) => {
  expect(hasDefaultLogSize(text)).toBe(expected);
});
