import { expect, it, vi } from 'vitest';
import { makeResource } from '../../core/testing/fixtures.ts';
import { alwaysActive } from '../operator-lease/activity.ts';
import { noteFencing } from './hear-members.ts';

it('only a fence that another operator has begun tells that it has ended its grants', () => {
  const fencing = { epoch: 4, trigger: 'Silent' as const, startedAt: '2026-01-01T00:00:00Z' };
  const led = { primary: 'web-0', primaryUID: 'uid-web-0', epoch: 4, fencing };
  const monitor = { fencing: vi.fn() };
  const activity = { ...alwaysActive, identity: 'me' };
  for (const grantedBy of ['other', 'me']) {
    noteFencing({ monitor, activity } as never, makeResource({}, { ...led, grantedBy }));
  }
  expect(monitor.fencing.mock.calls).toEqual([
    ['uid-web-0', 4, false],
    ['uid-web-0', 4, true],
  ]);
});
