import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HAError } from '../../api/errors.ts';
import type { EngineProblem } from '../managed-engine.ts';

/** Major version of the server that wrote the data; undefined if there are none. */
export async function readDataVersion(data: string): Promise<number | undefined> {
  const text = await readFile(join(data, 'PG_VERSION'), 'utf8').catch(() => '');
  const major = Number.parseInt(text, 10);
  return Number.isInteger(major) ? major : undefined;
}

/** @param whose who has data of another major version than the programs in the image */
export const otherVersion = (
  whose: string,
  { data, image }: { data: number; image: number },
): EngineProblem => ({
  reason: 'OtherVersion',
  message: `${whose} of PostgreSQL ${data}, and the image of this member has PostgreSQL ${image}: go back to an image of version ${data}; a new major version needs data of its own (pg_dump, or logical replication into another HAService)`,
});

/** @throws HAError HA_ERR_OTHER_VERSION if a server of version `image` cannot read the data of that leader */
export function refuseOtherVersion(leader: string, data: number, image: number): void {
  if (data === image) return;
  const { message } = otherVersion(`the data of ${leader} are`, { data, image });
  throw new HAError('HA_ERR_OTHER_VERSION', message);
}
