import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { untilTrue } from '../member-client/testing.ts';
import { passwordOf } from './password-file.ts';
import { passwordIn } from './testing.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'password-'));
});
afterEach(() => rm(folder, { recursive: true }));

it.each([
  ['s3cret', 's3cret'],
  ['s3cret\n', 's3cret'],
  ['s3cret\r\n', 's3cret'],
  ['two lines\n\n', 'two lines\n'],
  ['  spaces \t', '  spaces \t'],
  ['\n', ''],
])('the password in a file with the text %j is %j', (text, password) => {
  expect(passwordOf(text)).toBe(password);
});

describe('a changed password', () => {
  it('is taken over while the former one is kept, until every member has said that it accepts the new one', async () => {
    const path = join(folder, 'password');
    const clock = new FakeClock();
    const file = passwordIn(folder, clock);
    const stop = new AbortController();
    await writeFile(path, 'old\n');
    await file.wait(stop.signal);
    expect([file.current, file.former]).toEqual(['old', ['old\n']]);
    expect(file.report).toBeUndefined();
    file.accept('old');
    const former = file.report;
    file.share(former?.id ?? '');
    expect(file.isShared).toBe(true);
    file.retire();
    expect(file.report).toEqual({ id: former?.id, former: false });

    const watching = file.watch(stop.signal);
    await writeFile(`${path}.new`, 'new');
    await rename(`${path}.new`, path);
    await untilTrue(() => {
      clock.advance(1_000);
      return file.current === 'new';
    });
    expect([file.former, file.isShared]).toEqual([['old'], false]);
    // The program does not accept the new one yet: the others must not rely on that.
    expect(file.report).toEqual({ id: former?.id, former: true });
    file.accept('new');
    const report = file.report;
    expect(report?.id).toMatch(/^[0-9a-f]{4}$/);
    expect(report?.id).not.toBe(former?.id);
    expect(file.isShared).toBe(false);
    file.share(report?.id ?? '');
    expect(file.isShared).toBe(true);
    // Back to the former one: what the operator has said of that before does not hold.
    file.share(former?.id ?? '');
    await writeFile(path, 'old');
    await untilTrue(() => {
      clock.advance(1_000);
      return file.current === 'old';
    });
    file.accept('old');
    expect([file.former, file.isShared]).toEqual([['new'], false]);
    // An empty file is a mistake, and not a password.
    await writeFile(path, '\n');
    await untilTrue(() => {
      clock.advance(1_000);
      return file.problem !== undefined;
    });
    expect([file.current, file.former]).toEqual(['old', ['new']]);
    stop.abort();
    await watching;
  });
});

describe('a Secret without a password', () => {
  it.each([
    ['does not exist, or has no key pass', undefined],
    ['holds an empty password', ''],
    ['holds an empty password', '\n'],
  ])('that %s is a problem with the command that mends it', async (what, text) => {
    if (text !== undefined) await writeFile(join(folder, 'password'), text);
    const clock = new FakeClock();
    const file = passwordIn(folder, clock);
    const waiting = file.wait(new AbortController().signal);
    await untilTrue(() => file.problem !== undefined);
    expect(file.problem).toMatchObject({
      reason: 'PasswordMissing',
      message: expect.stringContaining(what),
    });
    expect(file.problem?.message).toContain(
      'kubectl create secret generic db --from-literal=pass=PASSWORD --dry-run=client -o yaml | kubectl apply -f -',
    );
    expect(file.current).toBeUndefined();
    await writeFile(join(folder, 'password'), 's3cret');
    let isOver = false;
    void waiting.then(() => (isOver = true));
    await untilTrue(() => {
      clock.advance(1_000);
      return isOver;
    });
    expect([file.current, file.problem]).toEqual(['s3cret', undefined]);
  });
});

describe('a password that the program cannot use', () => {
  it.each([
    ['bad', /^the password under the key pass of the Secret db cannot be used: it is bad; /],
    [Buffer.from([0xff, 0x41]), /is not text in UTF-8/],
  ])('such as %j is not taken over: the former one stays', async (bytes, message) => {
    const path = join(folder, 'password');
    const clock = new FakeClock();
    const file = passwordIn(folder, clock, (text) => (text === 'bad' ? 'it is bad' : undefined));
    await writeFile(path, bytes);
    const stop = new AbortController();
    const waiting = file.wait(stop.signal);
    await untilTrue(() => file.problem !== undefined);
    expect(file.problem?.message).toMatch(/the program waits for another one$/);
    expect(file.current).toBeUndefined();
    await writeFile(path, 'good');
    await untilTrue(() => {
      clock.advance(1_000);
      return file.current === 'good';
    });
    await waiting;
    file.accept('good');
    const { report } = file;
    const watching = file.watch(stop.signal);
    await writeFile(path, bytes);
    await untilTrue(() => {
      clock.advance(1_000);
      return file.problem !== undefined;
    });
    expect(file.problem).toMatchObject({ reason: 'PasswordRefused' });
    expect(file.problem?.message).toMatch(message);
    expect(file.problem?.message).toMatch(/goes on with the former one$/);
    expect([file.current, file.former, file.report]).toEqual(['good', [], report]);
    stop.abort();
    await watching;
  });
});

it('the passwords of members with another Secret are former ones', async () => {
  for (const [name, text] of [
    ['password', 'new'],
    ['former-1', 'old\n'],
    ['former-2', 'new'],
    ['former-3', ''],
    ['..data', 'no password'],
  ] as const) {
    await writeFile(join(folder, name), text);
  }
  const file = passwordIn(folder, new FakeClock());
  await file.wait(new AbortController().signal);
  expect([file.current, file.former]).toEqual(['new', ['old']]);
});
