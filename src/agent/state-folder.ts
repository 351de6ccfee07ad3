import { join } from 'node:path';
import {
  agentFolder,
  type AgentConfig,
  dataDir,
  hasData,
  knowsItsProgram,
  stateFolder,
} from '../protocol/agent-config.ts';
import type { Log } from '../lib/log.ts';
import { type Acknowledged, nothingAcknowledged } from './epoch-check.ts';
import { type EpochStore, EpochFile } from './epoch-store.ts';

/**
 * Opens the store of acknowledged orders: `.haservice/` in the folder of the data. A program without a folder of its own (TCP, HTTP,
 * and Exec without engine.dataDir) may do without a volume: the store then lasts as long as the pod, or the container. Such a
 * program leads only by its lease, and a grant is useless to another run of the agent.
 *
 * @throws HAError HA_ERR_STATE_FILE if the program has data and the store cannot be kept with them.
 */
export async function openState(
  config: AgentConfig,
  log: Log,
  lastFolder = agentFolder,
): Promise<{ epochStore: EpochStore; acknowledged: Acknowledged }> {
  const mayDoWithout = config.engine.dataDir === undefined && !knowsItsProgram(config);
  const file = new EpochFile(join(dataDir(config), stateFolder));
  if (!mayDoWithout) return { epochStore: file, acknowledged: await file.load() };
  for (const epochStore of hasData(config)
    ? [file, new EpochFile(lastFolder)]
    : [new EpochFile(lastFolder)]) {
    try {
      return { epochStore, acknowledged: await epochStore.load() };
    } catch (error) {
      log.debug({ error }, 'the epoch cannot be stored in this folder');
    }
  }
  log.warn(
    {},
    'the member has no volume: its epoch is stored only as long as this container lives',
  );
  return { epochStore: { save: () => Promise.resolve() }, acknowledged: nothingAcknowledged };
}
