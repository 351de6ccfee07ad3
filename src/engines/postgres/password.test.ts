import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { TestServer } from '../../member-client/testing.ts';
import { layoutOf } from './layout.ts';
import { askUpstream, problemOf } from './upstream.ts';
import { type Member, Members, havePostgres, within } from './testing.ts';

const password = 'the secret itself';

/** A startup message of Postgres, by which a server begins. */
function authentication(code: number, data: Buffer | string = ''): Buffer {
  const head = Buffer.from('R........');
  const body = Buffer.from(data);
  head.writeUInt32BE(8 + body.length, 1);
  head.writeUInt32BE(code, 5);
  return Buffer.concat([head, body]);
}
const inClear = authentication(3);
const byMd5 = authentication(5, 'salt');
const welcome = Buffer.concat([authentication(0), Buffer.from('Z\0\0\0\x05I')]);
const byScram = authentication(10, 'SCRAM-SHA-256\0\0');
const challenge = (said: string) => {
  const nonce = /r=(.*)$/s.exec(said)?.[1] ?? '';
  return authentication(11, `r=${nonce}more,s=${btoa('salt')},i=4096`);
};
const wrongProof = Buffer.concat([authentication(12, `v=${btoa('no proof'.repeat(4))}`), welcome]);

type Answer = Buffer | ((said: string) => Buffer);

/** Sends the given answers, one for each message; records all messages after the first, which has no secret. */
class FakeLeader {
  readonly name = 'fake';
  port = 0;
  readonly sent: string[] = [];
  readonly #answers: Answer[];
  readonly #server = new TestServer((socket) => this.#talk(socket));
  #ended: Promise<unknown> = Promise.resolve();

  constructor(answers: Answer[]) {
    this.#answers = answers;
  }

  async listen(): Promise<void> {
    this.port = await this.#server.listen();
  }

  /** Resolves when all data have arrived. */
  async ended(): Promise<void> {
    await this.#server.accepted(1);
    await this.#ended;
  }

  async close(): Promise<void> {
    await this.#server.close();
  }

  #talk(socket: Socket): void {
    this.#ended = once(socket, 'close');
    const answers = [...this.#answers];
    let isFirst = true;
    socket.on('data', (data) => {
      const said = data.toString('latin1');
      if (!isFirst) this.sent.push(said);
      isFirst = false;
      const answer = answers.shift();
      if (answer === undefined) socket.end();
      else socket.write(typeof answer === 'function' ? answer(said) : answer);
    });
  }
}

const leaders: FakeLeader[] = [];
async function fakeLeader(...answers: Answer[]): Promise<FakeLeader> {
  const leader = new FakeLeader(answers);
  await leader.listen();
  leaders.push(leader);
  return leader;
}
afterEach(async () => {
  for (const leader of leaders.splice(0)) await leader.close();
});

describe('the password', () => {
  it.each([
    ['asks for it in clear text', [inClear], 'asks for the password in clear', 0],
    ['asks for it by MD5', [byMd5], 'asks for the password by MD5', 0],
    ['asks for nothing', [welcome], 'accepts any client', 0],
    ['asks in clear text once it has the proof', [byScram, challenge, inClear], 'in clear', 2],
    [
      'proves nothing itself',
      [byScram, challenge, welcome],
      'without proof that it knows the password',
      2,
    ],
    ['sends a wrong proof', [byScram, challenge, wrongProof], 'signature does not match', 2],
  ])('is not given to a server that %s', async (_what, answers, cause, messages) => {
    const leader = await fakeLeader(...answers);
    const { port } = leader;
    const options = { host: '127.0.0.1', port, user: 'haservice', database: 'postgres', password };
    const error: unknown = await askUpstream(options, within()).catch((thrown: unknown) => thrown);
    await leader.ended();
    expect(leader.sent).toHaveLength(messages);
    for (const sent of leader.sent) {
      expect(sent).toMatch(/^p....(SCRAM-SHA-256\0|c=)/s);
      expect(sent).not.toContain(password);
    }
    expect(error).toMatchObject({ code: 'HA_ERR_NOT_SCRAM' });
    const { reason, message } = problemOf(error, 'web-1');
    expect(reason).toBe('NotScram');
    expect(message).toContain(cause);
    expect(message).toContain('web-1');
    expect(message).toContain('scram-sha-256 in its pg_hba.conf');
  });
});

it.each([
  ['by SCRAM', byScram],
  ['in clear text', inClear],
])(
  'a member without a password says which field it lacks to a leader that asks %s',
  async (_how, asks) => {
    const { port } = await fakeLeader(asks);
    const options = { host: '127.0.0.1', port, user: 'haservice', database: 'postgres' };
    const error: unknown = await askUpstream(options, within()).catch((thrown: unknown) => thrown);
    expect(problemOf(error, 'web-1')).toMatchObject({
      reason: 'PasswordMissing',
      message: expect.stringMatching(/write engine.passwordSecret .* of web-1/) as string,
    });
  },
);

describe.skipIf(!havePostgres)('the password of a member', { timeout: 60_000 }, () => {
  let members: Members;
  let a: Member;
  let b: Member;

  beforeAll(async () => {
    members = await Members.create();
    [a, b] = [await members.add('a', { password }), await members.add('b', { password })];
    await a.promote(1, undefined, true);
  }, 60_000);

  afterAll(async () => members.end(), 60_000);

  const passfile = () => readFile(join(layoutOf(b.dataDir).settings, 'passfile'), 'utf8');

  it('is given only to the leader that it follows', async () => {
    expect(await passfile()).toBe('');
    await b.follow(1, a);
    await b.until(({ linked }) => linked === true);
    expect(await passfile()).toBe(`127.0.0.1:${a.port}:*:haservice:${password}\n`);
    await b.restart();
    expect(await passfile()).toBe('');
  });

  it('is not given to another server that an order names', async () => {
    const fake = await fakeLeader(inClear);
    await b.follow(2, fake);
    const { problem } = await b.until((report) => report.problem !== undefined);
    expect(problem?.reason).toBe('NotScram');
    await fake.ended();
    expect(fake.sent).toEqual([]);
    expect(await b.sql('SHOW primary_conninfo')).toEqual([{ primary_conninfo: '' }]);
    expect(await passfile()).toBe('');
  });
});
