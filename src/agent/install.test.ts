import { describe, expect, it } from 'vitest';
import { parseLibraries } from './install.ts';

describe('the output of the loader', () => {
  it('names the libraries and the loader', () => {
    const text = [
      '\tlinux-vdso.so.1 (0x00007ffd0a5c6000)',
      '\tlibdl.so.2 => /lib/x86_64-linux-gnu/libdl.so.2 (0x00007f1)',
      '\tlibc.so.6 => /lib/x86_64-linux-gnu/libc.so.6 (0x00007f2)',
      '\t/lib64/ld-linux-x86-64.so.2 (0x00007f3)',
    ].join('\n');
    expect(parseLibraries(text)).toEqual({
      loader: '/lib64/ld-linux-x86-64.so.2',
      libraries: ['/lib/x86_64-linux-gnu/libdl.so.2', '/lib/x86_64-linux-gnu/libc.so.6'],
    });
  });

  it('is an error if Node is linked in another way', () => {
    expect(() => parseLibraries('\tstatically linked\n')).toThrow('not linked as it is');
  });
});
