import { describe, expect, it } from 'vitest';
import { runCommand } from './command.ts';
import { TestServer, ended } from '../member-client/testing.ts';

const run = (code: string, more: object = {}) =>
  runCommand([process.execPath, '-e', code], {
    env: {},
    timeoutMs: 60_000,
    signal: new AbortController().signal,
    ...more,
  });
const hangs = 'setInterval(() => {}, 1e6)';

describe('a command', () => {
  it('returns what it prints', async () => {
    const env = { WHO: 'you' };
    expect(await run('console.log(process.env.WHO)', { env })).toBe('you\n');
    expect(await run('process.stdin.pipe(process.stdout)', { input: 'told' })).toBe('told');
    expect(await run('')).toBe('');
  });

  it('that fails reports its last line as the reason', async () => {
    const code = `console.error('trying'); console.error('no space left\\n'); process.exit(2)`;
    await expect(run(code)).rejects.toMatchObject({
      code: 'HA_ERR_COMMAND_FAILED',
      message: expect.stringMatching(/exited with 2: no space left: /),
    });
    await expect(run(`process.kill(process.pid, 'SIGKILL')`)).rejects.toMatchObject({
      message: expect.stringContaining('was ended by SIGKILL'),
    });
  });

  it('tells the lines of its standard error, and whole characters', async () => {
    const told: string[] = [];
    const onLine = (line: string) => told.push(line) > 0 && line !== 'ü';
    const bytes = `process.stderr.write(Buffer.from([0xc3]));setTimeout(() => process.stderr.write(Buffer.from([0xbc])), 20)`;
    const code = `process.stderr.write('1/2\\n2/');setTimeout(() => {process.stderr.write('2\\n');${bytes}}, 20);process.exitCode = 1`;
    await expect(run(code, { onLine })).rejects.toMatchObject({
      message: expect.stringContaining('exited with 1: ü: '),
    });
    expect(told).toEqual(['1/2', '2/2', 'ü']);
  });

  it('that does not exist is an error', async () => {
    const signal = new AbortController().signal;
    const none = runCommand(['/nowhere/at/all'], { env: {}, timeoutMs: 1_000, signal, input: 'x' });
    await expect(none).rejects.toMatchObject({ code: 'HA_ERR_PROGRAM_START' });
  });

  it('that takes too long is killed, with the processes that it has started', async () => {
    const server = new TestServer(() => {});
    const port = await server.listen();
    const call = `require('node:net').connect(${port}, '127.0.0.1')`;
    const inner = JSON.stringify(call);
    const code = `require('node:child_process').spawn(process.execPath, ['-e', ${inner}], { stdio: 'inherit' })`;
    const limit = new AbortController();
    const ran = run(code, { signal: limit.signal });
    await server.accepted(1);
    limit.abort(new Error('enough'));
    await expect(ran).rejects.toThrow('enough');
    await ended(server.sockets[0]);
    await server.close();
    await expect(run(hangs, { timeoutMs: 50 })).rejects.toMatchObject({
      code: 'HA_ERR_COMMAND_TIMEOUT',
    });
  });

  it('does not start if the signal has come before', async () => {
    const reason = new Error('before');
    await expect(run(hangs, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  });

  it('may print 64 KiB and no more', async () => {
    const print = (bytes: number) => run(`process.stdout.write('x'.repeat(${bytes}))`);
    expect(await print(65_536)).toHaveLength(65_536);
    await expect(print(65_537)).rejects.toMatchObject({ code: 'HA_ERR_COMMAND_OUTPUT' });
    const endless = `for (;;) require('node:fs').writeSync(1, 'x'.repeat(9999))`;
    await expect(run(endless)).rejects.toMatchObject({ code: 'HA_ERR_COMMAND_OUTPUT' });
  });
});
