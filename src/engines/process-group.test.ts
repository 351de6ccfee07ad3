import { afterEach, describe, expect, it } from 'vitest';
import { ProcessGroup } from './process-group.ts';
import { SupervisedProcess } from './supervised-process.ts';
import { TestServer, ended, freePort } from '../member-client/testing.ts';

const children: { kill: () => void }[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
  for (const group of children.splice(0)) group.kill();
  for (const server of servers.splice(0)) await server.close();
});

const node = (code: string) => [process.execPath, '-e', code];
const soon = () => AbortSignal.timeout(60_000);
const hangs = 'setInterval(() => {}, 1e6)';

/** A server to which the started programs connect, so that the test sees them. */
async function listen(): Promise<{ server: TestServer; call: string }> {
  const server = new TestServer(() => {});
  servers.push(server);
  const port = await server.listen();
  return { server, call: `require('node:net').connect(${port}, '127.0.0.1')` };
}

async function start(command: string[], env: NodeJS.ProcessEnv = {}): Promise<ProcessGroup> {
  const group = await ProcessGroup.start(command, { env });
  children.push(group);
  return group;
}

describe('a process group', () => {
  it('reports how it ended', async () => {
    expect(await (await start(node('process.exit(7)'))).ended).toEqual({ code: 7, signal: null });
    const killed = await start(node(hangs));
    expect(killed.running).toBe(true);
    killed.kill();
    expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(killed.running).toBe(false);
  });

  it('has the given environment, and no other variables', async () => {
    const code = `process.exit(process.env.A === 'b' && process.env.HOME === undefined ? 0 : 1)`;
    expect(await (await start(node(code), { A: 'b' })).ended).toMatchObject({ code: 0 });
  });

  it.each([[['/nowhere/at/all']], [['/etc/passwd']], [[]]])(
    'that cannot be started, as %j, is an error',
    async (command) => {
      await expect(ProcessGroup.start(command, { env: {} })).rejects.toMatchObject({
        code: 'HA_ERR_PROGRAM_START',
      });
    },
  );

  it('is asked to end, with the given signal', async () => {
    const { server, call } = await listen();
    const code = `process.on('SIGINT', () => process.exit(3)); ${call}`;
    const group = await start(node(code));
    await server.accepted(1);
    expect(await group.stop(soon(), 'SIGINT')).toMatchObject({ code: 3 });
  });

  it('that does not end on request is killed', async () => {
    const { server, call } = await listen();
    const group = await start(node(`process.on('SIGTERM', () => ${call}); ${call}`));
    await server.accepted(1);
    const impatient = new AbortController();
    const stopped = group.stop(impatient.signal);
    await server.accepted(2);
    impatient.abort();
    expect(await stopped).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it.each([
    ['ends', (group: ProcessGroup) => group.signal('SIGTERM')],
    ['is killed', (group: ProcessGroup) => group.kill()],
  ])('ends the processes that it has started when it %s', async (_how, end) => {
    const { server, call } = await listen();
    const inner = JSON.stringify(`process.on('SIGTERM', () => {}); ${call}`);
    const spawn = `require('node:child_process').spawn(process.execPath, ['-e', ${inner}])`;
    const group = await start(node(spawn));
    await server.accepted(1);
    end(group);
    await group.ended;
    await ended(server.sockets[0]);
  });
});

describe('a supervised process', () => {
  const make = (command: string[]) => {
    const supervised = new SupervisedProcess(command, { env: {} });
    children.push(supervised);
    return supervised;
  };

  it('reports that it has ended by itself', async () => {
    const supervised = make(node('process.exit(4)'));
    await supervised.start();
    expect(await supervised.ended).toEqual({ code: 4, signal: null });
  });

  it('is started once, and again after a stop, which is not reported as an end', async () => {
    const { server, call } = await listen();
    const supervised = make(node(call));
    let unasked = false;
    void supervised.ended.then(() => (unasked = true));
    await Promise.all([supervised.start(), supervised.start()]);
    await server.accepted(1);
    await supervised.stop(soon());
    await ended(server.sockets[0]);
    await supervised.start();
    await server.accepted(2);
    supervised.kill();
    await ended(server.sockets[1]);
    expect(server.sockets).toHaveLength(2);
    expect(unasked).toBe(false);
  });

  it('that cannot be started may be started later', async () => {
    const supervised = make([`/nowhere/${await freePort()}`]);
    await expect(supervised.start()).rejects.toMatchObject({ code: 'HA_ERR_PROGRAM_START' });
    await expect(supervised.start()).rejects.toMatchObject({ code: 'HA_ERR_PROGRAM_START' });
    await supervised.stop(soon());
  });
});
