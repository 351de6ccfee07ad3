import { describe, expect, it } from 'vitest';
import { type ChaosService, dueInAMinute } from '../testing/chaos.ts';
import { t0 } from '../testing/fixtures.ts';

const minute = 60_000;
const standby = { target: { role: 'Standby' } };

/** The members that are killed at a time. */
const kills = (service: ChaosService, ms: number) => {
  for (let i = 0; i < 4; i++) {
    const decision = service.decide(ms + i);
    const fault = decision.actions.find((action) => action.type === 'InjectFault');
    if (fault?.type === 'InjectFault') return fault.members.map(({ name }) => name);
  }
  return [];
};

describe('an announced experiment does not kill what was chosen', () => {
  it('if a standby has become primary', () => {
    const service = dueInAMinute({ ...standby, announce: '30m' });
    service.decide(t0 + minute);
    const hit = service.chaos.experiment?.hits[0];
    expect(hit?.role).toBe('standby');
    // A switchover, long before the kill.
    const { status } = service.resource;
    service.resource = {
      ...service.resource,
      status: { ...status, primary: hit?.pod ?? '', primaryUID: hit?.uid ?? '', epoch: 2 },
    };
    service.decide(t0 + 10 * minute);
    expect(kills(service, t0 + 31 * minute)).toEqual([]);
  });

  it('if the primary has become standby', () => {
    const service = dueInAMinute({ target: { role: 'Primary' }, announce: '30m' });
    service.decide(t0 + minute);
    expect(service.chaos.experiment?.hits).toMatchObject([{ pod: 'web-0', role: 'primary' }]);
    const { status } = service.resource;
    service.resource = {
      ...service.resource,
      status: { ...status, primary: 'web-1', primaryUID: 'uid-web-1', epoch: 2 },
    };
    service.decide(t0 + 31 * minute);
    service.kill(service.decide(t0 + 31 * minute));
    service.decide(t0 + 31 * minute);
    service.replace();
    service.decide(t0 + 31 * minute + 3_000);
    expect(service.last).not.toMatchObject({ verdict: 'Passed', hits: [{ role: 'primary' }] });
  });

  it('if dryRun was set', () => {
    const service = dueInAMinute({ ...standby, announce: '30m' });
    service.decide(t0 + minute);
    service.edit({ dryRun: true });
    service.decide(t0 + 10 * minute);
    expect(kills(service, t0 + 31 * minute)).toEqual([]);
  });

  it('if another target was written', () => {
    const service = dueInAMinute({ target: { member: 'web-1' }, announce: '30m' });
    service.decide(t0 + minute);
    service.edit({ target: { member: 'web-2', role: 'Any' } });
    service.decide(t0 + 10 * minute);
    expect(kills(service, t0 + 31 * minute)).toEqual([]);
  });
});

it('an announced experiment keeps its time if announce is changed', () => {
  const service = dueInAMinute({ ...standby, announce: '30m' });
  service.decide(t0 + minute);
  service.edit({ announce: '0s' });
  expect(kills(service, t0 + 2 * minute)).toEqual([]);
  expect(service.last).toBeUndefined();
  expect(kills(service, t0 + 31 * minute)).toHaveLength(1);
});
