import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AgentConfig, agentConfigSchema } from '../protocol/agent-config.ts';
import { silentLog } from '../lib/log.ts';
import { nothingAcknowledged } from './epoch-check.ts';
import { EpochFile } from './epoch-store.ts';
import { openState } from './state-folder.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'agent-state-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const acknowledged = { epoch: 7, ledEpoch: 5, leader: 'web-1', revision: 2 };

describe('the state file', () => {
  it('is created with its folder, and can be read again', async () => {
    const inside = join(folder, 'new', '.haservice');
    expect(await new EpochFile(inside).load()).toEqual(nothingAcknowledged);
    await new EpochFile(inside).save(acknowledged);
    expect(await new EpochFile(inside).load()).toEqual(acknowledged);
  });

  it('holds the last state of several that are saved at once', async () => {
    const file = new EpochFile(folder);
    await Promise.all([1, 2, 3].map((epoch) => file.save({ epoch, ledEpoch: 0 })));
    expect(await file.load()).toEqual({ epoch: 3, ledEpoch: 0 });
  });

  it.each(['', '{"epoch":7', '{"epoch":-1,"ledEpoch":0}'])(
    'that holds %j is an error, and is left as it is',
    async (text) => {
      const path = join(folder, 'state.json');
      await writeFile(path, text);
      await expect(new EpochFile(folder).load()).rejects.toMatchObject({
        code: 'HA_ERR_STATE_FILE',
      });
      expect(await readFile(path, 'utf8')).toBe(text);
    },
  );

  it('that cannot be written is an error that names it, even on load', async () => {
    await writeFile(join(folder, 'file'), '');
    const inside = join(folder, 'file', 'folder');
    await expect(new EpochFile(inside).load()).rejects.toMatchObject({
      code: 'HA_ERR_STATE_FILE',
      message: expect.stringContaining(inside),
    });
  });
});

describe('the state', () => {
  const config = (engine: object): AgentConfig =>
    agentConfigSchema.parse({ service: 'web', engine, port: 1, agentPort: 2 });
  const nowhere = '/proc/nowhere/at/all';

  it('is stored with the data, in a folder of its own', async () => {
    const { epochStore } = await openState(config({ type: 'Redis', dataDir: folder }), silentLog);
    await epochStore.save(acknowledged);
    expect(await new EpochFile(join(folder, '.haservice')).load()).toEqual(acknowledged);
  });

  it.each(['Redis', 'Postgres', 'Exec', 'HTTP'])(
    'of %s must be stored with the data',
    async (type) => {
      const opened = openState(
        config({ type, dataDir: nowhere, exec: { status: ['x'] } }),
        silentLog,
        folder,
      );
      await expect(opened).rejects.toMatchObject({ code: 'HA_ERR_STATE_FILE' });
    },
  );

  it('of a program without data is stored beside the agent, or else in memory', async () => {
    const { epochStore } = await openState(config({ type: 'TCP' }), silentLog, folder);
    await epochStore.save(acknowledged);
    expect(await openState(config({ type: 'TCP' }), silentLog, folder)).toMatchObject({
      acknowledged,
    });
    const inMemory = await openState(config({ type: 'TCP' }), silentLog, nowhere);
    expect(inMemory.acknowledged).toEqual(nothingAcknowledged);
    await inMemory.epochStore.save(acknowledged);
  });
});
