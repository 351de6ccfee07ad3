import { expect, test } from 'vitest';
import { type Machine, complaint } from './preflight.ts';

const good: Machine = { platform: 'linux', uid: 0, hasProgram: () => true, hasFile: () => true };

test('a machine that has everything', () => {
  expect(complaint(good)).toBeUndefined();
});

test.each<[string, Partial<Machine>, string]>([
  [
    'not Linux',
    { platform: 'darwin' },
    'the local cluster needs Linux: use --context with a cluster you have',
  ],
  ['not root', { uid: 1000 }, 'needs root for its namespaces: run it with sudo'],
  [
    'programs of one package',
    { hasProgram: (name) => !['unshare', 'nsenter'].includes(name) },
    'programs are missing: apt-get install util-linux',
  ],
  [
    'a program and the plugins',
    { hasProgram: (name) => name !== 'nft', hasFile: () => false },
    'programs are missing: apt-get install nftables containernetworking-plugins',
  ],
])('%s: one line that says what to do', (_, lack, message) => {
  const line = complaint({ ...good, ...lack });
  expect(line?.split('\n')).toEqual([expect.stringMatching(new RegExp(`${message}$`))]);
});
