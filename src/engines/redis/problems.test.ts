import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { diskProblem } from './problems.ts';

test('a full disk is distinguished from a failing one', async () => {
  // A folder in which no file fits: /proc has no space.
  const [full, failing] = await Promise.all(
    ['/proc', tmpdir()].map((dir) => diskProblem('aof_last_write_status', dir)),
  );
  expect([full?.reason, failing?.reason]).toEqual(['DiskFull', 'DiskError']);
  expect(full?.message).toContain('make the volume larger');
});
