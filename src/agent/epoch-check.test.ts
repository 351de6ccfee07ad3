import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { highestEpoch } from '../api/epoch.ts';
import { type Acknowledged, checkEpoch, nothingAcknowledged } from './epoch-check.ts';
import { fence, follow, promote } from './testing.ts';

const self = { name: 'web-0', uid: 'uid-0', isOwn: (nonce: string) => nonce.startsWith('run.') };
const at = (epoch: number, leader?: string): Acknowledged => ({
  epoch,
  ledEpoch: 2,
  ...(leader === undefined ? {} : { leader }),
});

const leading = at(3, 'web-0');
const counted = (revision: number): Acknowledged => ({ ...leading, revision });
const at4 = (revision: number): Acknowledged => ({ ...at(4, 'web-0'), revision });
const withSet = (revision: number) => ({ sync: { members: ['web-1'], acks: 1, revision } });

describe('an order', () => {
  it.each([
    ['for another member', promote(3, { member: 'web-1' }), at(3), 'WrongMember'],
    ['for an earlier pod of that name', promote(3, { uid: 'uid-9' }), at(3), 'WrongMember'],
    [
      'to begin with init, for an earlier process',
      promote(3, { init: true, nonce: 'old.1' }),
      at(3),
      'WrongMember',
    ],
    ['of a lower epoch', promote(2), at(3), 'StaleEpoch'],
    ['to be fenced in a lower epoch', fence(2), at(3), 'StaleEpoch'],
    ['to lead while another member leads', promote(3), at(3, 'web-1'), 'Invalid'],
    ['to follow while the member itself leads', follow(3), at(3, 'web-0'), 'Invalid'],
    ['to follow a second leader in one epoch', follow(3, 'web-2'), at(3, 'web-1'), 'Invalid'],
    ['of an epoch that no operator reaches', fence(highestEpoch + 1), at(3), 'Invalid'],
    ['of the highest number', promote(Number.MAX_SAFE_INTEGER), at(3), 'Invalid'],
    ['to follow itself', follow(4, 'web-0'), at(3), 'Invalid'],
    ['with an outdated sync set', promote(3, withSet(4)), counted(5), 'StaleEpoch'],
  ])('%s is rejected', (_what, given, acknowledged, rejection) => {
    expect(checkEpoch(acknowledged, self, given)).toMatchObject({ rejection });
  });

  it.each([
    ['the first', promote(1), nothingAcknowledged, { epoch: 1, ledEpoch: 0, leader: 'web-0' }],
    ['with its own UID', promote(3, { uid: 'uid-0' }), at(3), at(3, 'web-0')],
    ['to begin', promote(3, { init: true, nonce: 'run.1' }), at(3), at(3, 'web-0')],
    ['once more', promote(3), at(3, 'web-0'), at(3, 'web-0')],
    ['to lead after a fence in the same epoch', promote(3), at(3), at(3, 'web-0')],
    ['to be fenced while it leads', fence(3), at(3, 'web-0'), at(3, 'web-0')],
    ['to be fenced while it follows', fence(3), at(3, 'web-1'), at(3, 'web-1')],
    ['to follow the same leader again', follow(3), at(3, 'web-1'), at(3, 'web-1')],
    ['to follow in a higher epoch', follow(4), at(3, 'web-0'), at(4, 'web-1')],
    ['to lead in a higher epoch', promote(4), at(3, 'web-1'), at(4, 'web-0')],
    ['of the highest epoch', fence(highestEpoch), at(3), at(highestEpoch)],
    ['to be fenced in a higher epoch', fence(4), at(3, 'web-0'), at(4)],
    ['with a sync set', promote(3, withSet(1)), at(3), counted(1)],
    ['with the same sync set', promote(3, withSet(5)), counted(5), counted(5)],
    ['with a later sync set', promote(3, withSet(6)), counted(5), counted(6)],
    ['without a revision', promote(3), counted(5), counted(5)],
    ['with the first set of a higher epoch', promote(4, withSet(1)), counted(5), at4(1)],
    ['to be fenced after a sync set', fence(3), counted(5), counted(5)],
  ])('%s is acknowledged, and the member remembers it', (_what, given, acknowledged, expected) => {
    expect(checkEpoch(acknowledged, self, given)).toEqual({ acknowledged: expected });
  });

  it('never makes two leaders of one epoch, and never lowers the epoch, whatever the sequence of orders', () => {
    const epoch = fc.integer({ min: 1, max: 4 });
    const orders = fc.oneof(
      epoch.map((each) => promote(each)),
      epoch.map((each) => fence(each)),
      fc
        .tuple(epoch, fc.constantFrom('web-1', 'web-2'))
        .map(([each, leader]) => follow(each, leader)),
    );
    fc.assert(
      fc.property(fc.array(orders, { maxLength: 12 }), (given) => {
        let acknowledged = nothingAcknowledged;
        const leaders = new Map<number, string>();
        for (const each of given) {
          const verdict = checkEpoch(acknowledged, self, each);
          if ('rejection' in verdict) continue;
          expect(verdict.acknowledged.epoch).toBeGreaterThanOrEqual(acknowledged.epoch);
          acknowledged = verdict.acknowledged;
          const { leader } = acknowledged;
          if (leader === undefined) continue;
          expect(leaders.get(acknowledged.epoch) ?? leader).toBe(leader);
          leaders.set(acknowledged.epoch, leader);
        }
      }),
    );
  });
});
