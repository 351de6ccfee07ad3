import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import { createDatabase } from './database.ts';
import { type DatabaseOptions, Refused } from './session.ts';

const bulk = (text: string | Buffer) =>
  Buffer.concat([Buffer.from(`$${text.length}\r\n`), Buffer.from(text), Buffer.from('\r\n')]);

/** Answers each command by its words, or by the first of them; 'end' closes the connection instead. */
async function connect(
  answers: Record<string, string | Buffer>,
  options: Partial<DatabaseOptions> = {},
) {
  const seen: string[][] = [];
  const all: Record<string, string | Buffer> = {
    CLIENT: bulk('id=3 addr=10.244.2.7:50 laddr=10.244.1.5:6379 fd=8'),
    ...answers,
  };
  const server = createServer((socket) => {
    socket.on('error', () => {});
    socket.on('data', (chunk) => {
      for (const text of chunk.toString().split('*').slice(1)) {
        const words = text.split('\r\n').filter((_, i) => i > 0 && i % 2 === 0);
        seen.push(words);
        const answer = all[words.join(' ')] ?? all[words[0] ?? ''] ?? '-ERR unknown\r\n';
        if (answer === 'end') socket.destroy();
        else if (!socket.destroyed) socket.write(answer);
      }
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const base = { engine: 'redis', host: '127.0.0.1', port, acks: 1, ackMs: 50, run: '7' } as const;
  const database = createDatabase({ ...base, ...options });
  const again = async () => {
    const session = await database.connect(AbortSignal.timeout(5_000));
    onTestFinished(() => session.close());
    return session;
  };
  return { session: await again(), seen, connect: again };
}

const outcome = (done: Promise<void>) =>
  done.then(
    () => 'ok',
    (error: unknown) => [error instanceof Refused ? 'failed' : 'unknown', (error as Error).message],
  );

describe('a write to Redis', () => {
  it('is acknowledged once enough copies have it, and names the address of the server', async () => {
    const { session, seen } = await connect({ SETBIT: ':0\r\n', WAIT: ':2\r\n' });
    expect(await outcome(session.write('a', 5))).toBe('ok');
    expect(session.answeredBy).toBe('10.244.1.5');
    expect(seen.slice(1)).toEqual([
      ['SETBIT', 'torture:7:a', '5', '1'],
      ['WAIT', '1', '50'],
    ]);
  });

  it.each<[string, Record<string, string>, unknown]>([
    ['too few copies', { SETBIT: ':0\r\n', WAIT: ':0\r\n' }, ['unknown', 'WAIT 0']],
    ['no wait', { SETBIT: ':0\r\n', WAIT: '-UNBLOCKED x\r\n' }, ['unknown', 'UNBLOCKED x']],
    ['a standby', { SETBIT: '-READONLY x\r\n', WAIT: ':0\r\n' }, ['failed', 'READONLY']],
    ['a connection that ends', { SETBIT: 'end' }, ['unknown', 'closed']],
    ['one that ends later', { SETBIT: ':0\r\n', WAIT: 'end' }, ['unknown', 'closed']],
  ])('is not acknowledged with %s', async (_, answers, expected) => {
    const { session } = await connect(answers);
    expect(await outcome(session.write('a', 5))).toEqual(expected);
  });

  it('is surely not done if it could not be sent', async () => {
    const { session } = await connect({ SETBIT: 'end' });
    await outcome(session.write('a', 5));
    expect(await outcome(session.write('a', 6))).toEqual(['failed', 'not sent: closed']);
  });

  it('waits for no copies if none are required, and sends the password', async () => {
    const answers = { AUTH: '+OK\r\n', SETBIT: ':0\r\n' };
    const { session, seen } = await connect(answers, { acks: 0, passwords: ['pw'] });
    expect(await outcome(session.write('a', 5))).toBe('ok');
    expect(seen.map(([name]) => name)).toEqual(['AUTH', 'CLIENT', 'SETBIT']);
  });

  it('tries every password that may be right, first the one that was right last', async () => {
    const answers = { 'AUTH former': '-WRONGPASS no\r\n', 'AUTH new': '+OK\r\n' };
    const { seen, connect: again } = await connect(answers, { passwords: ['former', 'new'] });
    await again();
    const tried = seen.filter(([name]) => name === 'AUTH').map(([, password]) => password);
    expect(tried).toEqual(['former', 'new', 'new']);
    const wrong = connect({ AUTH: '-WRONGPASS no\r\n' }, { passwords: ['x'] });
    await expect(wrong).rejects.toThrow('WRONG');
  });
});

it('a read of Redis returns the numbers of each client', async () => {
  const bits = Buffer.of(0b0100_0000, 0b1000_0000);
  const { session } = await connect({
    MGET: Buffer.concat([Buffer.from('*2\r\n'), bulk(bits), Buffer.from('$-1\r\n')]),
  });
  expect(await session.read(['a', 'b'])).toEqual({ a: '1,8', b: '' });
});
