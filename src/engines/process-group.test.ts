import { afterEach, describe, expect, it } from 'vitest';
import { Child } from './process-group.ts';
import { SupervisedProcess } from './supervised-process.ts';
import { TestServer, ended, freePort } from '../member-client/testing.ts';

const children: { kill: () => void }[] = [];
const servers: TestServer[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill();
  for (const server of servers.splice(0)) await server.close();
});

const node = (code: string) => [process.execPath, '-e', code];
const soon = () => AbortSignal.timeout(60_000);
const hangs = 'setInterval(() => {}, 1e6)';

/** A server to which what is started connects, to be seen. */
async function listen(): Promise<{ server: TestServer; call: string }> {
  const server = new TestServer(() => {});
  servers.push(server);
  const port = await server.listen();
  return { server, call: `require('node:net').connect(${port}, '127.0.0.1')` };
}

async function start(command: string[], env: NodeJS.ProcessEnv = {}): Promise<Child> {
  const child = await Child.start(command, { env });
  children.push(child);
  return child;
}

describe('a child', () => {
  it('tells how it ended', async () => {
    expect(await (await start(node('process.exit(7)'))).ended).toEqual({ code: 7, signal: null });
    const killed = await start(node(hangs));
    expect(killed.running).toBe(true);
    killed.kill();
    expect(await killed.ended).toEqual({ code: null, signal: 'SIGKILL' });
    expect(killed.running).toBe(false);
  });

  it('has the environment that it is given, and no other', async () => {
    const code = `process.exit(process.env.A === 'b' && process.env.HOME === undefined ? 0 : 1)`;
    expect(await (await start(node(code), { A: 'b' })).ended).toMatchObject({ code: 0 });
  });

  it.each([[['/nowhere/at/all']], [['/etc/passwd']], [[]]])(
    'that cannot be started, as %j, is an error',
    async (command) => {
      await expect(Child.start(command, { env: {} })).rejects.toMatchObject({
        code: 'HA_ERR_PROGRAM_START',
      });
    },
  );

  it('is asked to end, with the signal that it understands', async () => {
    const { server, call } = await listen();
    const code = `process.on('SIGINT', () => process.exit(3)); ${call}`;
    const child = await start(node(code));
    await server.accepted(1);
    expect(await child.stop(soon(), 'SIGINT')).toMatchObject({ code: 3 });
  });

  it('that does not end when it is asked is killed', async () => {
    const { server, call } = await listen();
    const child = await start(node(`process.on('SIGTERM', () => ${call}); ${call}`));
    await server.accepted(1);
    const impatient = new AbortController();
    const stopped = child.stop(impatient.signal);
    await server.accepted(2);
    impatient.abort();
    expect(await stopped).toEqual({ code: null, signal: 'SIGKILL' });
  });

  it.each([
    ['ends', (child: Child) => child.signal('SIGTERM')],
    ['is killed', (child: Child) => child.kill()],
  ])('takes what it has started along when it %s', async (_how, end) => {
    const { server, call } = await listen();
    const inner = JSON.stringify(`process.on('SIGTERM', () => {}); ${call}`);
    const spawn = `require('node:child_process').spawn(process.execPath, ['-e', ${inner}])`;
    const child = await start(node(spawn));
    await server.accepted(1);
    end(child);
    await child.ended;
    await ended(server.sockets[0]);
  });
});

describe('a program', () => {
  const make = (command: string[]) => {
    const program = new SupervisedProcess(command, { env: {} });
    children.push(program);
    return program;
  };

  it('says when it ends by itself', async () => {
    const program = make(node('process.exit(4)'));
    await program.start();
    expect(await program.ended).toEqual({ code: 4, signal: null });
  });

  it('is started once, and again after it was stopped, of which nothing is said', async () => {
    const { server, call } = await listen();
    const program = make(node(call));
    let unasked = false;
    void program.ended.then(() => (unasked = true));
    await Promise.all([program.start(), program.start()]);
    await server.accepted(1);
    await program.stop(soon());
    await ended(server.sockets[0]);
    await program.start();
    await server.accepted(2);
    program.kill();
    await ended(server.sockets[1]);
    expect(server.sockets).toHaveLength(2);
    expect(unasked).toBe(false);
  });

  it('that cannot be started may be started later', async () => {
    const program = make([`/nowhere/${await freePort()}`]);
    await expect(program.start()).rejects.toMatchObject({ code: 'HA_ERR_PROGRAM_START' });
    await expect(program.start()).rejects.toMatchObject({ code: 'HA_ERR_PROGRAM_START' });
    await program.stop(soon());
  });
});
