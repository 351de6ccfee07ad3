import { expect, it } from 'vitest';
import { expand } from './expand.ts';

// From the tests of Kubernetes' own: third_party/forked/golang/expansion/expand_test.go.
it.each([
  ['$(VAR_A)', 'A'],
  ['___$(VAR_B)___', '___B___'],
  ['$(VAR_A)_1$(VAR_B)_2', 'A_1B_2'],
  ['$(VAR_EMPTY)', ''],
  ['foo$(VAR_EMPTY)bar', 'foobar'],
  ['$(VAR_UNKNOWN)', '$(VAR_UNKNOWN)'],
  ['f000-$$VAR_A', 'f000-$VAR_A'],
  ['foo\\$(VAR_C)bar', 'foo\\Cbar'],
  ['$$(VAR_A)', '$(VAR_A)'],
  ['$$$(VAR_A)', '$A'],
  ['$$$$$$$(VAR_A)', '$$$A'],
  ['foo$(VAR_A', 'foo$(VAR_A'],
  ['$?_boo_$!', '$?_boo_$!'],
  ['$VAR_A', '$VAR_A'],
  ['foo$', 'foo$'],
  ['$(VAR_DOLLAR)', '$(VAR_A)'],
])('%s becomes %s', (text, expanded) => {
  const variables = {
    VAR_A: 'A',
    VAR_B: 'B',
    VAR_C: 'C',
    VAR_EMPTY: '',
    VAR_DOLLAR: '$(VAR_A)',
  };
  expect(expand(text, variables)).toBe(expanded);
});
