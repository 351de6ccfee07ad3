import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { writeFailureDegradedReason } from '../status/write-failures.ts';
import type { ClaimView } from '../model/found-objects.ts';
import { makeObserved, running, t0 } from '../testing/fixtures.ts';
import { quantityOf } from './quantity.ts';

const sized = (storage: string) => ({
  volumeClaimTemplates: [
    { metadata: { name: 'data' }, spec: { resources: { requests: { storage } } } },
  ],
});

const claimOf = (ordinal: number, more: Partial<ClaimView> = {}): ClaimView => ({
  name: `data-web-${ordinal}`,
  ordinal,
  uid: `uid-claim-${ordinal}`,
  isBound: true,
  requests: '1Gi',
  capacity: '1Gi',
  storageClass: 'fast',
  given: {},
  createdAtMs: t0,
  hasVolume: true,
  ...more,
});

function decided(storage: string, claims: ClaimView[]) {
  const { resource, members } = running(sized(storage));
  const { actions, status } = decide(resource, makeObserved(members, { claims }), t0);
  const condition = (type: string) => status.conditions?.find((each) => each.type === type);
  const grown = actions.flatMap((action) =>
    action.type === 'GrowClaim' ? [`${action.claim.name} ${action.size}`] : [],
  );
  return { grown, degraded: condition('Degraded'), progressing: condition('Progressing') };
}

describe('the size of volumes', () => {
  it('grows with the spec, for the members, if the claim has its volume', () => {
    const claims = [claimOf(0), claimOf(1, { isBound: false }), claimOf(2), claimOf(7)];
    expect(decided('2Gi', claims).grown).toEqual(['data-web-0 2Gi', 'data-web-2 2Gi']);
    expect(decided('1024Mi', claims)).toMatchObject({ grown: [], degraded: { status: 'False' } });
  });

  it('never shrinks, which is told', () => {
    expect(decided('500M', [claimOf(1)])).toMatchObject({
      grown: [],
      degraded: {
        status: 'True',
        reason: 'VolumeLarger',
        message: expect.stringMatching(
          /data-web-1 has 1Gi, .* asks for 500M: .*; write 1Gi/,
        ) as string,
      },
    });
  });

  it('is told while it grows, and if that has failed', () => {
    const growing = { requests: '2Gi' };
    expect(decided('2Gi', [claimOf(1, growing)]).progressing).toMatchObject({
      status: 'True',
      message: expect.stringContaining('data-web-1 grows from 1Gi to 2Gi') as string,
    });
    const pending = { state: 'FileSystemPending', message: 'waiting' } as const;
    expect(decided('2Gi', [claimOf(1, { ...growing, resize: pending })])).toMatchObject({
      progressing: { message: expect.stringContaining('needs a restart of the pod') as string },
      degraded: { status: 'False' },
    });
    const failed = { state: 'Failed', message: 'no space in the pool' } as const;
    expect(decided('2Gi', [claimOf(1, { ...growing, resize: failed })]).degraded).toMatchObject({
      reason: 'VolumeNotGrown',
      message: expect.stringContaining('no space in the pool') as string,
    });
    // An old condition of a volume that has grown since.
    expect(
      decided('2Gi', [claimOf(1, { requests: '2Gi', capacity: '2Gi', resize: failed })]),
    ).toMatchObject({ degraded: { status: 'False' }, progressing: { status: 'False' } });
  });

  it('has a reason of its own if the API server refuses it', () => {
    const failure = { what: 'grow', reason: 'VolumeNotGrown', message: 'what to do' };
    expect(writeFailureDegradedReason(running().resource.spec, failure)).toEqual({
      reason: 'VolumeNotGrown',
      message: 'what to do',
    });
  });
});

it.each<[unknown, number | undefined]>([
  ['1Gi', 2 ** 30],
  ['1.5Ki', 1536],
  ['500M', 5e8],
  ['1e3', 1000],
  [5, 5],
  ['2E', 2e18],
  ['x', undefined],
  ['', undefined],
  [undefined, undefined],
])('reads the quantity %s', (text, number) => {
  expect(quantityOf(text)).toBe(number);
});
