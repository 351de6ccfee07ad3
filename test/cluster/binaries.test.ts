import { expect, test } from 'vitest';
import { goComplaint } from './binaries.ts';

test.each(['go1.26.0', 'go1.26rc1', 'go1.30.2 X:loopvar', 'go2.0', 'devel go-abc'])(
  '%s is accepted',
  (version) => {
    expect(goComplaint(version)).toBeUndefined();
  },
);

test('no Go, and a version that is too old', () => {
  expect(goComplaint('')).toBe('Go is missing: install Go 1.26 or later and put it on the PATH');
  expect(goComplaint('go1.22.12\namd64')).toBe(
    'Go 1.22 is too old: install Go 1.26 or later and put it on the PATH',
  );
});
