import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import { untilTrue } from '../member-client/testing.ts';
import { PasswordFile, passwordOf } from './password-file.ts';

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

describe('a Secret without a password', () => {
  it.each([
    ['does not exist, or has no key pass', undefined],
    ['holds an empty password', ''],
    ['holds an empty password', '\n'],
  ])('that %s is a problem with the command that mends it', async (what, text) => {
    if (text !== undefined) await writeFile(join(folder, 'password'), text);
    const clock = new FakeClock();
    const file = new PasswordFile({ name: 'db', key: 'pass' }, clock, folder);
    const waiting = file.wait(new AbortController().signal);
    await untilTrue(() => file.problem !== undefined);
    expect(file.problem).toMatchObject({
      reason: 'PasswordMissing',
      message: expect.stringContaining(what),
    });
    expect(file.problem?.message).toContain(
      'kubectl create secret generic db --from-literal=pass=PASSWORD --dry-run=client -o yaml | kubectl apply -f -',
    );
    expect(file.password).toBeUndefined();
    await writeFile(join(folder, 'password'), 's3cret');
    let isOver = false;
    void waiting.then(() => (isOver = true));
    await untilTrue(() => {
      clock.advance(1_000);
      return isOver;
    });
    expect([file.password, file.problem]).toEqual(['s3cret', undefined]);
  });
});
