import { join } from 'node:path';
import {
  agentFolder,
  type AgentConfig,
  dataDir,
  hasData,
  knowsItsProgram,
  stateFolder,
} from '../protocol/agent-config.ts';
import type { Log } from '../telemetry/log.ts';
import { type Acknowledged, nothingAcknowledged } from './epoch-check.ts';
import { type EpochStore, EpochFile } from './epoch-store.ts';

/**
 * Opens what was acknowledged: in `.haservice/` in the folder of the data. A program that has none of its own (TCP, HTTP, and Exec
 * where engine.dataDir is not given) may do without a volume: then it is kept as long as the pod, or else the container, lives.
 * What leads such a program is its lease, and a grant of it is of no use to another run of the agent.
 *
 * @throws HAError HA_ERR_STATE_FILE where data are to be kept and this cannot be kept with them.
 */
export async function openState(
  config: AgentConfig,
  log: Log,
  lastFolder = agentFolder,
): Promise<{ keep: EpochStore; acknowledged: Acknowledged }> {
  const mayDoWithout = config.engine.dataDir === undefined && !knowsItsProgram(config);
  const file = new EpochFile(join(dataDir(config), stateFolder));
  if (!mayDoWithout) return { keep: file, acknowledged: await file.load() };
  for (const keep of hasData(config)
    ? [file, new EpochFile(lastFolder)]
    : [new EpochFile(lastFolder)]) {
    try {
      return { keep, acknowledged: await keep.load() };
    } catch (error) {
      log.debug({ error }, 'the epoch cannot be kept here');
    }
  }
  log.warn({}, 'there is no volume: the epoch is kept only as long as this container lives');
  return { keep: { save: () => Promise.resolve() }, acknowledged: nothingAcknowledged };
}
