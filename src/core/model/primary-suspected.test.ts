import { describe, expect, it } from 'vitest';
import { makeObserved } from '../testing/fixtures.ts';
import { led, strong } from '../testing/led.ts';
import { decide } from '../decide.ts';
import { isPrimarySuspected } from './primary-suspected.ts';

const unlinked = (service: ReturnType<typeof strong>, ...ordinals: number[]) => {
  for (const i of ordinals) service.members[i] = led(service.resource, i, { linked: false });
  return service;
};
const isTroubled = ({ members }: ReturnType<typeof strong>, behind = members[0]?.uid ?? '') =>
  isPrimarySuspected({ ...makeObserved(members), writeEndpoints: [behind] }, members[0]);

describe('a primary', () => {
  it('is not suspected if it is healthy and has a follower', () => {
    expect(isTroubled(strong())).toBe(false);
  });

  it('is suspected if one of its followers has lost the link', () => {
    expect(isTroubled(unlinked(strong(), 1))).toBe(true);
  });

  it('is suspected if it is not healthy', () => {
    const service = strong();
    service.members = service.members.map((member, i) =>
      i === 0 ? { ...member, health: { ...member.health!, verdict: 'Dead' } } : member,
    );
    expect(isTroubled(service)).toBe(true);
  });

  it('that is not behind the write Service yet holds nothing up', () => {
    expect(isTroubled(unlinked(strong(), 1), 'another')).toBe(false);
  });
});

it('lets the slices of reads wait then, and no others', () => {
  const patient = (service: ReturnType<typeof strong>) => {
    const observed = { ...makeObserved(service.members), writeEndpoints: ['uid-web-0'] };
    return decide(service.resource, observed, 0).actions.flatMap((action) =>
      action.type === 'EnsureOwnedObject' && action.mayWait === true
        ? [`${action.manifest.kind} ${action.manifest.metadata.name}`]
        : [],
    );
  };
  expect(patient(strong())).toEqual([]);
  expect(patient(unlinked(strong(), 1))).toEqual([
    'EndpointSlice web-read-haservice-dev',
    'EndpointSlice web-all-haservice-dev',
    'EndpointSlice web-members-haservice-dev',
  ]);
});
