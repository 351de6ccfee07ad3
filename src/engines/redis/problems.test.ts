import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { diskProblem } from './problems.ts';

test('a disk that is full is told from one that fails', async () => {
  // Where no file fits: there is no room in /proc.
  const [full, failing] = await Promise.all(
    ['/proc', tmpdir()].map((dir) => diskProblem('aof_last_write_status', dir)),
  );
  expect([full?.reason, failing?.reason]).toEqual(['DiskFull', 'DiskError']);
  expect(full?.message).toContain('make the volume larger');
});
