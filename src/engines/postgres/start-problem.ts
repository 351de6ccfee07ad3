import { join } from 'node:path';
import { isHAError } from '../../api/errors.ts';
import type { EngineProblem } from '../managed-engine.ts';
import { otherVersion, readDataVersion } from './data-version.ts';
import type { Database } from './database.ts';

export const certificateRefused = (message: string): EngineProblem => ({
  reason: 'CertificateRefused',
  message,
});

/**
 * Starts the server, if there are data, as a standby that follows nobody.
 * @returns why it cannot be started: the agent goes on and tells that. @throws what Database.start throws
 */
export async function startServer(
  database: Database,
  signal: AbortSignal,
): Promise<EngineProblem | undefined> {
  const problem = await startProblem(database);
  if (problem !== undefined) return problem;
  if (database.identity === undefined || (await database.isUnfinished())) return undefined;
  const refusal = await database.tryStart(signal);
  if (refusal === undefined) return undefined;
  const message = `the server does not start, and is tried again: ${refusal}: correct the args of the template, or the files postgresql.conf and postgresql.auto.conf (ALTER SYSTEM) in ${database.layout.data}`;
  return { reason: 'StartFailed', message };
}

/**
 * Why the server need not be started: that would only fail, again and again. Also writes the settings of the server that need no order.
 * @throws what Settings.prepare throws besides HA_ERR_AGENT_CONFIG
 */
async function startProblem(database: Database): Promise<EngineProblem | undefined> {
  const { layout, major, settings, identity } = database;
  const version = await readDataVersion(layout.data);
  if (version !== undefined && version !== major) {
    return otherVersion('the data of this member are', { data: version, image: major });
  }
  if (version === undefined && identity !== undefined) {
    const path = join(layout.data, 'PG_VERSION');
    return {
      reason: 'DataDamaged',
      message: `${path} does not say of which version the data are, so the server is not started and nothing was changed: write that number into it (the image has version ${major})`,
    };
  }
  try {
    await settings.prepare();
    return undefined;
  } catch (error) {
    if (!isHAError(error, 'HA_ERR_AGENT_CONFIG')) throw error;
    return certificateRefused(`the server is not started: ${error.message}`);
  }
}
