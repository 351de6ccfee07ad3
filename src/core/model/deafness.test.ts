import { expect, it } from 'vitest';
import { dead, healthy, makeMember, makeObserved, running, t0 } from '../testing/fixtures.ts';
import { judgeSilence } from './deafness.ts';

const { resource } = running({ heartbeat: { timeout: '2s', interval: '500ms' } });

/** web-1 falls silent at t0; web-0 is heard since then. */
function judge(heardSinceMs: number | undefined, connectedSinceMs = -Infinity, tie?: 'Members') {
  const health =
    heardSinceMs === undefined ? dead('Silent') : healthy({ sinceWallMs: heardSinceMs });
  const members = [
    makeMember(resource, 0, { health }),
    makeMember(resource, 1, { health: dead('Silent') }),
  ];
  return judgeSilence(resource, makeObserved(members, { connectedSinceMs }), t0, tie);
}

it('is caused by the member if another one answered all the time', () => {
  const own = { mayBeOwn: false, countsFromMs: t0, certainAtMs: t0 };
  expect(judge(t0 - 1)).toEqual(own);
  expect(judge(t0 - 1, t0 - 1)).toEqual(own);
});

it('may be caused by the operator’s network until others have answered, and the API server was reached, for the timeout and two heartbeats', () => {
  const since = (ms: number) => ({ mayBeOwn: true, countsFromMs: ms, certainAtMs: ms + 3_000 });
  expect(judge(t0 + 500)).toEqual(since(t0 + 500));
  expect(judge(t0 - 1, t0 + 700)).toEqual(since(t0 + 700));
  expect(judge(t0 + 900, t0 + 700)).toEqual(since(t0 + 900));
});

it('may be caused by the operator’s network as long as no member answers', () => {
  expect(judge(undefined)).toEqual({
    mayBeOwn: true,
    countsFromMs: Infinity,
    certainAtMs: Infinity,
  });
});

it('is whose the caller says if both began in one millisecond', () => {
  expect(judge(t0)).toMatchObject({ mayBeOwn: true, certainAtMs: t0 + 3_000 });
  expect(judge(t0, -Infinity, 'Members')).toMatchObject({ mayBeOwn: false, certainAtMs: t0 });
});
