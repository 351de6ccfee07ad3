import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fixedPassword } from './engine-context.ts';
import { agentConfigSchema } from '../protocol/agent-config.ts';
import { type Order, orderSchemas } from '../protocol/member-protocol.ts';
import { systemClock } from '../lib/clock.ts';
import { ExecEngine } from './exec.ts';
import { TestServer, ended } from '../member-client/testing.ts';

let folder = '';
let program: TestServer;
const engines: ExecEngine[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'exec-'));
  program = new TestServer(() => {});
});
afterEach(async () => {
  for (const engine of engines.splice(0)) engine.kill();
  await program.close();
  await rm(folder, { recursive: true, force: true });
});

const soon = () => AbortSignal.timeout(60_000);
const sh = (script: string) => ['/bin/sh', '-c', script];

/** The program connects to a server of the test, so that the test sees when the program starts and ends. */
async function start(exec: object): Promise<ExecEngine> {
  const port = await program.listen();
  const config = agentConfigSchema.parse({
    service: 'web',
    engine: { type: 'Exec', exec: { status: sh('true'), ...exec } },
    port: 1,
    agentPort: 2,
    command: [process.execPath, '-e', `require('node:net').connect(${port}, '127.0.0.1')`],
  });
  const engine = new ExecEngine({
    config,
    pod: { name: 'web-0', uid: undefined, ip: '127.0.0.1' },
    passwords: fixedPassword(undefined),
    env: { FOLDER: folder, PATH: process.env['PATH'], POD_NAME: 'web-0' },
    clock: systemClock,
    log: { info() {}, warn() {}, error() {} },
  });
  engines.push(engine);
  await engine.start();
  await program.accepted(1);
  return engine;
}

const promote = (more: object = {}): Order<'promote'> =>
  orderSchemas.promote.parse({ member: 'web-0', epoch: 5, ...more });
const follow = (): Order<'follow'> =>
  orderSchemas.follow.parse({
    member: 'web-0',
    epoch: 6,
    leader: { member: 'web-1', host: '10.0.0.2', port: 80 },
  });
const fence = (): Order<'fence'> => orderSchemas.fence.parse({ member: 'web-0', epoch: 7 });

describe('the report of a command', () => {
  it('is its output', async () => {
    const report = { state: 'Following', leader: 'web-1', position: { term: 4, offset: 9 } };
    await writeFile(join(folder, 'report'), JSON.stringify({ ...report, epoch: 99, other: 1 }));
    const engine = await start({ status: sh('cat $FOLDER/report') });
    expect(await engine.report(soon())).toEqual(report);
  });

  it('has the role that was ordered, if the command prints none', async () => {
    const engine = await start({ promote: sh('true'), follow: sh('true'), fence: sh('true') });
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
    await engine.promote(promote(), soon());
    expect(await engine.report(soon())).toEqual({ state: 'Leading' });
    await engine.follow(follow(), soon());
    expect(await engine.report(soon())).toEqual({ state: 'Following', leader: 'web-1' });
    await engine.fence(soon(), fence());
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
  });

  it.each([
    ['fails', 'echo no quorum >&2; exit 1', 'HA_ERR_COMMAND_FAILED', 'no quorum'],
    ['prints no JSON', 'echo OK', 'HA_ERR_COMMAND_OUTPUT', 'OK'],
    ['prints another state', `echo '{"state":"Primary"}'`, 'HA_ERR_COMMAND_OUTPUT', 'state'],
  ])('is an error if the command %s', async (_what, script, code, message) => {
    const engine = await start({ status: sh(script) });
    const report = engine.report(soon());
    await expect(report).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it('is requested again if the command hangs, until the signal comes', async () => {
    const script = 'echo >> $FOLDER/asked; [ $(wc -l < $FOLDER/asked) -gt 2 ] || sleep 1000';
    const engine = await start({ status: sh(script), timeout: '100ms' });
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
    expect(await readFile(join(folder, 'asked'), 'utf8')).toMatch(/^\n{3,}$/);
    await expect(engine.report(AbortSignal.abort(new Error('over')))).rejects.toThrow('over');
  });
});

describe('an order to a command', () => {
  const note = sh('env | grep ^HASERVICE | sort > $FOLDER/told; echo $POD_NAME >> $FOLDER/told');
  const told = async () => (await readFile(join(folder, 'told'), 'utf8')).trim().split('\n');

  it('gets all variables that it needs', async () => {
    const engine = await start({ promote: note, follow: note, fence: note });
    const sync = { members: ['web-1'], acks: 1 };
    await engine.promote(promote({ sync, init: true }), soon());
    expect(await told()).toEqual([
      'HASERVICE_EPOCH=5',
      'HASERVICE_INIT=true',
      'HASERVICE_SYNC={"members":["web-1"],"acks":1}',
      'web-0',
    ]);
    await engine.follow(follow(), soon());
    expect(await told()).toEqual([
      'HASERVICE_EPOCH=6',
      'HASERVICE_LEADER_HOST=10.0.0.2',
      'HASERVICE_LEADER_NAME=web-1',
      'HASERVICE_LEADER_PORT=80',
      'web-0',
    ]);
    await engine.fence(soon(), fence());
    expect(await told()).toEqual(['HASERVICE_EPOCH=7', 'web-0']);
  });

  it('fails if the command fails', async () => {
    const engine = await start({ promote: sh('echo no license >&2; exit 1') });
    await expect(engine.promote(promote(), soon())).rejects.toThrow('no license');
  });
});

describe('a fence', () => {
  it('by a command leaves the program running', async () => {
    const engine = await start({ fence: sh('true') });
    await engine.promote(promote(), soon());
    await engine.fence(soon(), fence());
    expect(program.open).toHaveLength(1);
  });

  it.each([
    ['there is none', undefined],
    ['it fails', sh('exit 1')],
  ])('ends the program if it has a role and the command %s', async (_how, given) => {
    const engine = await start(given === undefined ? {} : { fence: given });
    await engine.promote(promote(), soon());
    await engine.fence(soon(), fence());
    await ended(program.sockets[0]);
    await program.accepted(2);
    expect(await engine.report(soon())).toEqual({ state: 'Detached' });
  });

  it('without a command does not end a program that has no role', async () => {
    const engine = await start({});
    await engine.fence(soon(), fence());
    expect(program.open).toHaveLength(1);
  });

  it('comes before a follow order if there is no command for that', async () => {
    const engine = await start({});
    await engine.promote(promote(), soon());
    await engine.follow(follow(), soon());
    await ended(program.sockets[0]);
    await program.accepted(2);
    expect(await engine.report(soon())).toMatchObject({ state: 'Following' });
  });
});

it('a program that ends by itself is reported; one that is stopped is not', async () => {
  const engine = await start({});
  process.kill(engine.pid!, 'SIGKILL');
  expect(await engine.ended).toEqual({ code: null, signal: 'SIGKILL' });
});
