import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bundle } from '../../scripts/bundle.ts';
import { memberReportSchema } from '../protocol/member-protocol.ts';
import { TestServer, ended, freePort } from '../member-client/testing.ts';

/** The shipped agent, as a process, with a program that writes its role into files and connects to the test. */
let work = '';
let script = '';
let folder = '';
const running: ChildProcess[] = [];
const servers: TestServer[] = [];

beforeAll(async () => {
  work = await mkdtemp(join(tmpdir(), 'agent-'));
  script = join(work, 'agent.mjs');
  await bundle('src/agent/main.ts', script);
}, 60_000);
afterAll(() => rm(work, { recursive: true, force: true }));
afterEach(async () => {
  for (const child of running.splice(0)) {
    child.kill('SIGKILL');
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  }
  for (const server of servers.splice(0)) await server.close();
});

const sh = (text: string) => ['/bin/sh', '-c', text];
const commands = {
  status: sh('echo "{\\"state\\":\\"$(cat $FOLDER/role 2>/dev/null || echo Detached)\\"}"'),
  promote: sh('echo Leading > $FOLDER/role'),
  fence: sh('rm -f $FOLDER/role'),
};

const caller = (called: number) => [
  process.execPath,
  '-e',
  `require('node:net').connect(${called}, '127.0.0.1')`,
];

interface Start {
  leaseMs?: number;
  dataDir?: string;
  exec?: object;
  command?: (called: number) => string[];
  as?: string[];
}

async function start(more: Start = {}) {
  folder = await mkdtemp(join(work, 'member-'));
  const program = new TestServer(() => {});
  servers.push(program);
  const called = await program.listen();
  return { program, called, ...(await again(called, more)) };
}

async function again(
  called: number,
  {
    leaseMs,
    dataDir = folder,
    exec = commands,
    command = caller,
    as = [process.execPath, script],
  }: Start = {},
) {
  const agentPort = await freePort();
  const config = {
    service: 'web',
    engine: { type: 'Exec', dataDir, exec },
    port: 1,
    agentPort,
    command: command(called),
    leaseMs,
  };
  const [file = '', ...args] = as;
  const child = spawn(file, args, {
    env: {
      PATH: process.env['PATH'],
      FOLDER: folder,
      POD_NAME: 'web-0',
      POD_UID: 'uid-0',
      HASERVICE_AGENT: JSON.stringify(config),
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  running.push(child);
  const exit = once(child, 'exit');
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  while (!log.includes('the agent has started')) {
    await Promise.race([once(child.stdout, 'data'), exit]);
    if (child.exitCode !== null) throw new Error(`the agent has not started: ${log}`);
  }
  const call = async (name: string, epoch?: number, headers = {}) => {
    const { statusCode, body } = await request(
      `http://127.0.0.1:${agentPort}/haservice/v1/${name}`,
      {
        headers,
        ...(epoch === undefined
          ? {}
          : { method: 'POST', body: JSON.stringify({ member: 'web-0', uid: 'uid-0', epoch }) }),
      },
    );
    return { status: statusCode, body: (await body.json()) as Record<string, unknown> };
  };
  /** Repeats until it leads: on a busy machine a short lease may be over before the promotion arrives. */
  const lead = async (leaseMs: number) => {
    for (;;) {
      const { nonce } = memberReportSchema.parse((await call('status')).body);
      const { status } = await call('promote', 3, { 'haservice-lease': `${nonce} ${leaseMs}` });
      if (status === 200) return;
    }
  };
  return { child, agentPort, call, lead, exit, log: () => log };
}

const soon = () => new AbortController().signal;

// Each test starts several processes.
describe('the agent as a process', { timeout: 60_000 }, () => {
  it('leads its program, and after a restart remembers what it has acknowledged but does not lead', async () => {
    const { call, child, called, program, exit } = await start();
    await program.accepted(1);
    expect(await call('status')).toMatchObject({
      status: 200,
      body: { state: 'Detached', epoch: 0 },
    });
    expect(await call('promote', 3)).toMatchObject({
      status: 200,
      body: { state: 'Leading', epoch: 3 },
    });
    expect(await call('fence', 4)).toMatchObject({
      status: 200,
      body: { state: 'Detached', epoch: 4 },
    });
    child.kill('SIGTERM');
    expect(await exit).toEqual([0, null]);
    await ended(program.sockets[0]);

    const restarted = await again(called);
    expect(await restarted.call('status')).toMatchObject({
      body: { state: 'Detached', epoch: 4, ledEpoch: 3 },
    });
    expect(await restarted.call('promote', 3)).toMatchObject({
      status: 409,
      body: { error: 'StaleEpoch' },
    });
    const state = JSON.parse(
      await readFile(join(folder, '.haservice/state.json'), 'utf8'),
    ) as object;
    expect(state).toEqual({ epoch: 4, ledEpoch: 3 });
  });

  it('resets its connections and exits as its program when that is killed', async () => {
    const { agentPort, exit, log, program } = await start();
    await program.accepted(1);
    const socket = connect(agentPort, '127.0.0.1');
    await once(socket, 'connect');
    const reset = once(socket, 'error', { signal: soon() });
    process.kill(programOf(log()), 'SIGKILL');
    expect(await exit).toEqual([137, null]);
    expect(await reset).toMatchObject([{ code: 'ECONNRESET' }]);
    expect(log()).toContain('see whether the memory limit of the container is too low');
  });

  it('ends with its program if the lease is over', async () => {
    const { call, exit, lead, program } = await start({ leaseMs: 60_000 });
    await program.accepted(1);
    expect(await call('promote', 3)).toMatchObject({ status: 409, body: { error: 'Failed' } });
    await lead(1_000);
    expect(await exit).toEqual([1, null]);
    await ended(program.sockets[0]);
  });

  it('that is stopped has its program killed by the watchdog, and exits when it continues', async () => {
    const { child, exit, lead, program } = await start({ leaseMs: 60_000 });
    await program.accepted(1);
    await lead(1_000);
    child.kill('SIGSTOP');
    await ended(program.sockets[0]);
    expect(child.exitCode).toBeNull();
    child.kill('SIGCONT');
    expect(await exit).toEqual([1, null]);
  });

  it('that is killed has its program killed by the watchdog, if the member leads', async () => {
    const { child, lead, program } = await start({ leaseMs: 60_000 });
    await program.accepted(1);
    await lead(60_000);
    child.kill('SIGKILL');
    await ended(program.sockets[0]);
  });

  it('that cannot store its epoch does not start', async () => {
    await expect(start({ dataDir: '/nowhere/at/all' })).rejects.toThrow('HA_ERR_STATE_FILE');
  });
});

// Process 1 needs a PID namespace of its own, and the right to create one.
describe.skipIf(process.getuid?.() !== 0)('the agent as process 1', { timeout: 60_000 }, () => {
  const asFirst = () => [
    ...['unshare', '--pid', '--fork', '--mount-proc', '--kill-child'],
    ...[process.execPath, script],
  ];
  /** A program that leaves its work to a daemon, which survives the end of the program. */
  const daemon = (called: number) => {
    const inner = JSON.stringify(`require('node:net').connect(${called}, '127.0.0.1')`);
    const spawned = `require('node:child_process').spawn(process.execPath, ['-e', ${inner}], { detached: true, stdio: 'ignore' })`;
    return [process.execPath, '-e', `${spawned}; setInterval(() => {}, 1e6)`];
  };

  it('ends the processes that the program has left behind, but not its own watchdog', async () => {
    const { lead, call, log, program } = await start({
      leaseMs: 60_000,
      exec: { status: sh('true') },
      command: daemon,
      as: asFirst(),
    });
    await program.accepted(1);
    await lead(60_000);
    expect(await call('fence', 4)).toMatchObject({ status: 200 });
    await ended(program.sockets[0]);
    await program.accepted(2);
    expect(log()).not.toContain('the watchdog of the lease has ended');
  });

  it('ends all processes if the lease is over, even if only the watchdog notices', async () => {
    const { child, lead, program } = await start({
      leaseMs: 60_000,
      command: daemon,
      as: asFirst(),
    });
    await program.accepted(1);
    await lead(1_000);
    process.kill(await childOf(child.pid), 'SIGSTOP');
    await ended(program.sockets[0]);
  });
});

describe('the installed agent', { timeout: 60_000 }, () => {
  it('runs with its own loader and libraries, as any user, and so does its watchdog', async () => {
    const to = await mkdtemp(join(work, 'installed-'));
    const install = spawn(process.execPath, [script, 'install', to], { stdio: 'inherit' });
    expect(await once(install, 'exit')).toEqual([0, null]);
    const command = ['lib/ld.so', 'lib', 'bin/node', 'agent.mjs'].map((file) => join(to, file));
    for (const file of command) expect((await stat(file)).mode & 0o555).toBe(0o555);
    const [loader = '', lib = '', ...rest] = command;

    const { child, lead, program } = await start({
      leaseMs: 60_000,
      as: [loader, '--library-path', lib, ...rest],
    });
    await program.accepted(1);
    expect(await readFile(`/proc/${child.pid}/maps`, 'utf8')).toContain(join(to, 'lib/libc.so'));
    await lead(60_000);
    child.kill('SIGKILL');
    await ended(program.sockets[0]);
  });
});

async function childOf(pid: number | undefined): Promise<number> {
  return Number(await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8'));
}

/** Reads the process id from the log. */
function programOf(log: string): number {
  const pid = /"pid":(\d+)/.exec(log)?.[1];
  if (pid === undefined) throw new Error(`no process id in ${log}`);
  return Number(pid);
}
