import { describe, expect, it } from 'vitest';
import { ChaosService, dueInAMinute, killed } from '../testing/chaos.ts';
import { t0 } from '../testing/fixtures.ts';

const minute = 60_000;
const at = (ms: number) => new Date(ms).toISOString();
const standby = { target: { role: 'Standby' } };
const condition = (service: ChaosService) =>
  service.resource.status.conditions?.find(({ type }) => type === 'ChaosReady');

describe('what is due', () => {
  it('is refused, with a record, if the request of chaos.steadyState stays unanswered', () => {
    const target = { service: 'shop', port: 80, path: '/', timeout: '90s' };
    const service = dueInAMinute({ ...standby, steadyState: target });
    for (let ms = t0 + minute; ms < t0 + 2.4 * minute; ms += 500) service.decide(ms);
    service.view.probe = {
      target,
      sentAtMs: t0 + minute,
      atMs: t0 + 2.5 * minute,
      problem: 'was not answered within 90s',
    };
    service.decide(t0 + 2.5 * minute);
    expect(service.chaos.history).toHaveLength(1);
  });

  it('by the schedule begins though a wrong request comes at the same time', () => {
    const service = dueInAMinute(standby);
    service.request('yes');
    service.decide(t0 + minute);
    service.decide(t0 + minute + 1);
    expect(
      service.chaos.experiment ?? service.chaos.history?.find((r) => r.cause === 'Schedule'),
    ).toBeDefined();
  });

  it('at random, every two days, begins though experiments are off for a moment each day', () => {
    const service = new ChaosService({ meanTimeBetween: '48h', seed: 1, ...standby });
    let begun = 0;
    for (let hour = 0; hour < 24 * 365; hour++) {
      const ms = t0 + hour * 60 * minute;
      if (hour % 24 === 12) {
        // Such as settings that are wrong while the operator starts.
        service.view = { ...service.view, limits: undefined };
        service.decide(ms - 1_000);
        service.view = {
          ...service.view,
          limits: { enabled: true, maxExperiments: 3, maxExperimentsPerZone: 1 },
        };
      }
      const { requeueAtMs = ms } = service.decide(ms);
      if (requeueAtMs < ms + 60 * minute) service.decide(requeueAtMs);
      begun = Math.max(begun, service.chaos.count ?? 0);
      if (begun > 0) break;
    }
    expect(begun).toBeGreaterThan(0);
  });

  it('at random is drawn again if a wrong clock has put it years ahead', () => {
    const service = new ChaosService({ meanTimeBetween: '1m', ...standby });
    service.decide(t0 + 5 * 525_600 * minute);
    expect(Date.parse(service.chaos.nextTime ?? '')).toBeGreaterThan(t0 + 5 * 525_600 * minute);
    service.decide(t0);
    service.decide(t0 + minute);
    expect(Date.parse(service.chaos.nextTime ?? '')).toBeLessThan(t0 + 60 * minute);
  });

  it('at random in a blackout is skipped, without a record', () => {
    const service = new ChaosService({ meanTimeBetween: '1m', ...standby });
    service.decide(t0);
    service.view.schedule = { blackout: { text: 'the daily blackout from 22:00 to 06:00 (UTC)' } };
    for (let ms = t0; ms < t0 + 480 * minute; ms += 10_000) service.decide(ms);
    expect(service.chaos.history ?? []).toEqual([]);
  });

  it('by a request from a clock that is 30 s ahead is refused in these words', () => {
    const service = new ChaosService(standby);
    service.request(at(t0 + 30_000));
    service.decide(t0);
    expect(service.last?.message).toContain('in the future');
  });

  it('by a request from a clock that is behind the last request is refused, not ignored', () => {
    const service = new ChaosService(standby);
    service.request(at(t0));
    service.settle(t0);
    service.kill(service.decide(t0));
    service.decide(t0);
    service.replace();
    service.decide(t0 + 3_000);
    expect(service.last?.verdict).toBe('Passed');
    // Ten seconds after the first one.
    service.request(at(t0 + 10_000 - 20_000));
    service.decide(t0 + 10_000);
    expect(service.chaos.count).toBe(2);
  });
});

describe('the condition ChaosReady', () => {
  it('is False if a schedule has no next time', () => {
    const service = new ChaosService({ schedule: '0 12 24 12 *' });
    service.view.schedule = {};
    service.decide(t0);
    expect(condition(service)).not.toMatchObject({ status: 'True', reason: 'OnRequest' });
  });

  it('says that an experiment has failed, also if its record is no longer there', () => {
    const service = killed({ historyLimit: 1, recoveryObjective: '5s' });
    service.decide(t0 + minute + 6_000);
    service.replace();
    service.decide(t0 + minute + 20_000);
    service.request(at(t0 + 5 * minute));
    service.settle(t0 + 5 * minute);
    service.kill(service.decide(t0 + 5 * minute));
    delete service.view.injection;
    service.decide(t0 + 5 * minute + 100);
    service.replace();
    service.decide(t0 + 5 * minute + 5_000);
    expect(service.chaos).toMatchObject({ suspended: true, lastVerdict: 'Unknown' });
    expect(condition(service)?.message).not.toContain('experiment  has failed: .');
  });

  it.each([
    ['amount: 5 of 3 members', { amount: 5 }],
    ['amount: 2, and disruptionBudget is 1', { amount: 2, minHealthy: 1 }],
  ])('is False if no experiment can ever take place: %s', (_what, chaos) => {
    const service = dueInAMinute(chaos);
    service.settle(t0 + minute);
    expect(service.last?.verdict).toBe('Refused');
    expect(condition(service)?.status).toBe('False');
  });
});
