import { expect, it } from 'vitest';
import { configText } from './server-config.ts';

it('lets no reader hold up the replay of a member that follows nobody, whatever the own file says', () => {
  const lines = (connection: string) =>
    configText({
      ...{ ownFile: '/data/pgdata/postgresql.conf', connection, sync: '', readOnly: false },
      retention: { followersMiB: 64, slotsMiB: 64, checkpointMiB: 128 },
      certificate: undefined,
    }).split('\n');
  const alone = lines('');
  const include = alone.indexOf("include_if_exists = '/data/pgdata/postgresql.conf'");
  expect(include).toBeGreaterThan(0);
  expect(alone.indexOf('max_standby_streaming_delay = 0')).toBeGreaterThan(include);
  expect(alone.indexOf('max_standby_archive_delay = 0')).toBeGreaterThan(include);
  expect(lines('host=a').join()).not.toContain('max_standby');
});
