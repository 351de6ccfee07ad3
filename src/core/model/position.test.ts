import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Position } from '../../protocol/member-protocol.ts';
import { decide } from '../decide.ts';
import { comparePositions, positionOf, withTerms } from './position.ts';
import { dead, makeObserved, t0 } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';

const redis = { engine: { type: 'Redis' } };
const { resource } = strong(redis);
const withPositions = (positions: Position[]) =>
  withTerms(positions.map((position, i) => led(resource, i, { position }))).map(positionOf);

it('a member that holds all of one history that another member holds has at least its term', () => {
  const told = { term: 2, offset: 158, history: 'x' };
  const notTold = { term: 1, offset: 234, history: 'x' };
  expect(withPositions([told, notTold])).toEqual([told, { ...notTold, term: 2 }]);
  const behind = { term: 1, offset: 157, history: 'x' };
  const other = { term: 1, offset: 234, history: 'y' };
  const unnamed = { term: 1, offset: 234 };
  expect(withPositions([told, behind, other, unnamed])).toEqual([told, behind, other, unnamed]);
});

it('of one history the greater offset is the greater position, whatever terms were told', () => {
  const position = fc.record({
    term: fc.integer({ min: 0, max: 4 }),
    offset: fc.integer({ min: 0, max: 6 }),
    history: fc.constantFrom('x', 'y', 'z'),
  });
  fc.assert(
    fc.property(fc.array(position, { maxLength: 5 }), (positions) => {
      const known = withPositions(positions);
      expect(known.map((each) => ({ ...each, term: 0 }))).toEqual(
        positions.map((each) => ({ ...each, term: 0 })),
      );
      for (const [i, a] of known.entries()) {
        expect(a!.term).toBeGreaterThanOrEqual(positions[i]!.term);
        for (const b of known) {
          if (a!.history !== b!.history || a!.offset <= b!.offset) continue;
          expect(comparePositions(a, b)).toBeGreaterThan(0);
        }
      }
    }),
  );
});

it('a follower that the order of a new epoch has not reached, and that WAIT counts, is elected for what it holds', () => {
  const startedAt = new Date(t0).toISOString();
  const service = strong(redis, {
    ...{ epoch: 3, ledEpoch: 2 },
    fencing: { epoch: 3, from: 'web-0', trigger: 'Crash', startedAt },
  });
  const fenced = { state: 'Detached', epoch: 3 } as const;
  const members = [
    { ...service.members[0]!, health: dead('Refused') },
    led(service.resource, 1, { ...fenced, position: { term: 2, offset: 158, history: 'x' } }),
    led(service.resource, 2, { ...fenced, position: { term: 1, offset: 234, history: 'x' } }),
  ];
  expect(decide(service.resource, makeObserved(members), t0).commit?.status.primary).toBe('web-2');
});
