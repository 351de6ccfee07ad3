import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { load } from 'js-yaml';
import { Pool } from 'undici';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { specSchema } from '../../src/api/spec.ts';
import { type MemberReport, memberReportSchema } from '../../src/protocol/member-protocol.ts';
import { freePort } from '../../src/member-client/testing.ts';

const example = new URL('../../examples/engines/log-store.ts', import.meta.url).pathname;

/** One process of the example, led by the test as the operator would. */
class Store {
  readonly name: string;
  readonly port: number;
  readonly #folder: string;
  #process: ChildProcess | undefined;
  #client: Pool | undefined;

  constructor(name: string, port: number, folder: string) {
    this.name = name;
    this.port = port;
    this.#folder = join(folder, name);
  }

  async start(): Promise<void> {
    await mkdir(this.#folder, { recursive: true });
    const child = spawn(process.execPath, [example], {
      env: {
        POD_NAME: this.name,
        POD_UID: `uid-${this.name}`,
        DATA_DIR: this.#folder,
        PORT: String(this.port),
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    this.#process = child;
    this.#client = new Pool(`http://127.0.0.1:${this.port}`);
    await once(child.stdout, 'data');
  }

  async kill(): Promise<void> {
    if (this.#process === undefined) return;
    const exit = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    this.#process = undefined;
    await exit;
    await this.#client?.destroy();
  }

  async call(
    path: string,
    body?: unknown,
  ): Promise<{ status: number; body: Record<string, unknown> }> {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body);
    const { statusCode, body: answer } = await this.#client!.request({
      path,
      method: text === undefined ? 'GET' : 'POST',
      ...(text === undefined ? {} : { body: text }),
    });
    return { status: statusCode, body: (await answer.json()) as Record<string, unknown> };
  }

  async order(kind: string, epoch: number, more: object = {}): Promise<MemberReport> {
    const { status, body } = await this.call(`/haservice/v1/${kind}`, {
      member: this.name,
      uid: `uid-${this.name}`,
      epoch,
      ...more,
    });
    expect({ status, body }).toMatchObject({ status: 200 });
    return memberReportSchema.parse(body);
  }

  follow(epoch: number, leader: Store): Promise<MemberReport> {
    return this.order('follow', epoch, {
      leader: { member: leader.name, host: '127.0.0.1', port: leader.port },
    });
  }

  async report(): Promise<MemberReport> {
    return memberReportSchema.parse((await this.call('/haservice/v1/status')).body);
  }

  /** Until the report is as wished. */
  async until(done: (report: MemberReport) => boolean): Promise<MemberReport> {
    for (;;) {
      const report = await this.report();
      if (done(report)) return report;
    }
  }

  async values(): Promise<unknown> {
    return (await this.call('/log')).body['values'];
  }

  kept(file: string): Promise<string> {
    return readFile(join(this.#folder, file), 'utf8');
  }
}

let folder = '';
let stores: [Store, Store, Store];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'log-store-'));
  const make = async (name: string) => new Store(name, await freePort(), folder);
  stores = [await make('log-0'), await make('log-1'), await make('log-2')];
  for (const store of stores) await store.start();
});
afterEach(async () => {
  for (const store of stores) await store.kill();
  await rm(folder, { recursive: true, force: true });
});

const anyOneOf = (...members: Store[]) => ({ members: members.map(({ name }) => name), acks: 1 });
const numbers = (from: number, to: number) =>
  Array.from({ length: to - from }, (_, index) => String(from + index));

/** Three members of which the first leads, and ten values. */
async function begin(): Promise<void> {
  const [first, second, third] = stores;
  await first.order('promote', 1, { init: true, sync: anyOneOf(second, third) });
  await second.follow(1, first);
  await third.follow(1, first);
  for (const value of numbers(0, 10)) expect((await first.call('/log', value)).status).toBe(200);
}

/** Fails over as after the death of the leader: fences the followers, and promotes the most advanced. */
async function takeOver(
  epoch: number,
  members: [Store, Store],
  others: Store[],
): Promise<[Store, Store]> {
  const reports = await Promise.all(members.map((member) => member.order('fence', epoch)));
  const [one, two] = reports.map(({ position }) => position ?? { term: 0, offset: 0 });
  const isFirst = one!.term > two!.term || (one!.term === two!.term && one!.offset >= two!.offset);
  const [winner, loser] = isFirst ? members : [members[1], members[0]];
  await winner.order('promote', epoch, { sync: anyOneOf(loser, ...others) });
  await loser.follow(epoch, winner);
  return [winner, loser];
}

describe('the example of docs/engines.md', { timeout: 60_000 }, () => {
  it('loses nothing that it has acknowledged when its leader is killed while it is written to', async () => {
    const [first, second, third] = stores;
    await begin();
    const acknowledged = numbers(0, 10);
    const writing = (async () => {
      for (const value of numbers(10, 1_000)) {
        if ((await first.call('/log', value)).status === 200) acknowledged.push(value);
        if (acknowledged.length === 30) await first.kill();
      }
    })();
    await expect(writing).rejects.toThrow();
    expect(acknowledged).toHaveLength(30);

    const [winner, loser] = await takeOver(2, [second, third], [first]);
    expect((await winner.call('/log', 'after')).status).toBe(200);
    const values = await winner.values();
    expect((values as string[]).slice(0, 30)).toEqual(acknowledged);
    expect((values as string[]).at(-1)).toBe('after');

    const { position } = await winner.report();
    await first.start();
    expect(await first.report()).toMatchObject({ state: 'Detached', epoch: 1, ledEpoch: 1 });
    await first.follow(2, winner);
    for (const follower of [first, loser]) {
      await follower.until((report) => report.position?.offset === position?.offset);
      expect(await follower.report()).toMatchObject({ state: 'Following', linked: true, position });
    }
  });

  it('acknowledges nothing as a leader whose followers were fenced, and tells what it had to discard', async () => {
    const [first, second, third] = stores;
    await begin();
    for (const follower of [second, third]) await follower.order('fence', 2);
    const unacknowledged = first.call('/log', 'nobody has this');
    await first.until(({ position }) => position?.offset === 12);
    const [winner] = await takeOver(3, [second, third], [first]);
    expect((await winner.call('/log', 'new')).status).toBe(200);
    expect(await first.report()).toMatchObject({
      state: 'Leading',
      position: { term: 1, offset: 12 },
    });

    await first.follow(3, winner);
    expect(await unacknowledged).toMatchObject({ status: 503 });
    const { position } = await winner.report();
    const report = await first.until(
      ({ position: held }) => held?.term === 3 && held.offset === position?.offset,
    );
    expect(report.loss).toMatchObject({ epoch: 3, transactions: 1 });
    expect(await first.kept('discarded-3')).toContain('nobody has this');
    expect(await winner.values()).toEqual([...numbers(0, 10), 'new']);
  });

  it('waits for acknowledgements until there are enough', async () => {
    const [first, second, third] = stores;
    await first.order('promote', 1, { init: true, sync: anyOneOf(second, third) });
    const write = first.call('/log', 'early');
    await first.until(({ position }) => position?.offset === 2);
    expect(await first.report()).toMatchObject({ sync: { acks: 1 } });
    await second.follow(1, first);
    expect(await write).toMatchObject({ status: 200, body: { index: 2 } });
  });

  it('refuses what the protocol says that it must refuse, and remembers', async () => {
    const [first, second] = stores;
    const refused = async (kind: string, order: object) => {
      const { status, body } = await first.call(`/haservice/v1/${kind}`, {
        member: 'log-0',
        ...order,
      });
      return status === 409 ? body['error'] : status;
    };
    const leader = { member: 'log-1', host: '127.0.0.1', port: second.port };
    expect(await refused('promote', { epoch: 5 })).toBe('Empty');
    expect(await refused('fence', { epoch: 5, member: 'log-1' })).toBe('WrongMember');
    expect(await refused('fence', { epoch: 5, uid: 'uid-of-another' })).toBe('WrongMember');
    expect(await refused('follow', { epoch: 5, leader })).toBe(200);
    await first.kill();
    await first.start();
    expect(await first.report()).toMatchObject({ state: 'Empty', epoch: 5 });
    expect(await refused('promote', { epoch: 5, init: true })).toBe('Invalid');
    expect(await refused('promote', { epoch: 4, init: true })).toBe('StaleEpoch');
    expect(await refused('fence', { epoch: 1_000_000_001 })).toBe('Invalid');
    const withSet = (revision: number) => ({
      ...{ epoch: 6, init: true, sync: { members: [], acks: 0, revision } },
    });
    expect(await refused('promote', withSet(2))).toBe(200);
    expect(await refused('promote', withSet(1))).toBe('StaleEpoch');
    expect(await refused('promote', withSet(2))).toBe(200);
    expect((await first.call('/haservice/v1/fence', '{')).status).toBe(400);
  });

  it('is described by a HAService', async () => {
    const yaml = await readFile(
      new URL('../../examples/engines/log-store.yaml', import.meta.url),
      'utf8',
    );
    const { spec } = load(yaml) as { spec: unknown };
    expect(specSchema.parse(spec)).toMatchObject({
      topology: 'LeaderFollower',
      engine: { type: 'HTTP' },
    });
  });
});
