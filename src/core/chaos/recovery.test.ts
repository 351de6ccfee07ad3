import { describe, expect, it } from 'vitest';
import { ChaosService, dueInAMinute, killed } from '../testing/chaos.ts';
import { makeMember, t0 } from '../testing/fixtures.ts';

const minute = 60_000;
const at = (ms: number) => new Date(ms).toISOString();
const standby = { target: { role: 'Standby' } };

describe('the recovery from a kill', () => {
  it('needs an answer to chaos.steadyState that was asked for after the kill', () => {
    const target = { service: 'shop', port: 80, path: '/', timeout: '4s' };
    const service = new ChaosService({ ...standby, steadyState: target });
    service.view.probe = { target, sentAtMs: t0 - 100, atMs: t0 - 100 };
    service.request(at(t0));
    const started = service.settle(t0);
    expect(service.kill(started)).toHaveLength(1);
    service.decide(t0 + 10);
    service.replace();
    // The request that was sent after the kill is still unanswered: the user's application hangs.
    service.decide(t0 + 2_000);
    expect(service.last?.verdict).not.toBe('Passed');
  });

  it('that nobody has watched, as the operator was away, is no failure', () => {
    const service = killed();
    delete service.view.injection;
    service.replace();
    // The service recovered at once; the operator came back after five minutes (its node was lost).
    service.decide(t0 + 6 * minute);
    expect(service.last?.verdict).not.toBe('Failed');
    expect(service.chaos.suspended).toBeUndefined();
  });

  it('that comes late is looked for, with the request of chaos.steadyState', () => {
    const target = { service: 'shop', port: 80, path: '/', timeout: '2s' };
    const service = dueInAMinute({ ...standby, steadyState: target, onFailure: 'Continue' });
    service.view.probe = { target, sentAtMs: t0 + minute, atMs: t0 + minute };
    service.settle(t0 + minute);
    service.kill(service.decide(t0 + minute));
    service.decide(t0 + minute);
    service.view.probe = {
      target,
      sentAtMs: t0 + 4 * minute,
      atMs: t0 + 4 * minute,
      problem: 'was answered with 500',
    };
    service.decide(t0 + 4 * minute);
    expect(service.last?.verdict).toBe('Failed');
    service.replace();
    // Recovered after 16 minutes. Is the operator's own request sent in the next hour?
    let asked = false;
    let ms = t0 + 16 * minute;
    for (let i = 0; i < 100 && ms < t0 + 120 * minute; i++) {
      const { actions, requeueAtMs } = service.decide(ms);
      asked ||= actions.some(({ type }) => type === 'ProbeSteadyState');
      if (asked) break;
      ms = Math.max(requeueAtMs ?? Infinity, ms + 500);
    }
    expect(asked).toBe(true);
  });

  it('is none if the service was scaled to 0', () => {
    const service = new ChaosService(
      { recoveryObjective: '5s' },
      { topology: 'ActiveActive', engine: { type: 'HTTP' } },
    );
    const { primary: _p, primaryUID: _u, ...status } = service.resource.status;
    service.resource = { ...service.resource, status };
    service.members = [0, 1, 2].map((i) => makeMember(service.resource, i));
    service.request(at(t0));
    expect(service.kill(service.settle(t0))).toHaveLength(1);
    service.decide(t0 + 10);
    service.decide(t0 + 6_000);
    expect(service.last).toMatchObject({ verdict: 'Failed' });
    expect(service.last?.recoveredAt).toBeUndefined();
    const { spec } = service.resource;
    service.resource = { ...service.resource, spec: { ...spec, replicas: 0 } };
    service.members = [];
    service.decide(t0 + minute);
    expect(service.last?.recoveredAt).toBeUndefined();
  });

  it('has an end if the clock was set back by a day', () => {
    const service = killed();
    const { experiment } = service.chaos;
    if (experiment === undefined) throw new Error('none');
    const later = at(t0 + 1_440 * minute);
    const { status } = service.resource;
    service.resource = {
      ...service.resource,
      status: {
        ...status,
        chaos: {
          ...status.chaos,
          experiment: { ...experiment, injectedAt: later, startsAt: later },
        },
      },
    };
    delete service.view.injection;
    service.decide(t0 + 60 * minute);
    service.decide(t0 + 61 * minute);
    expect(service.chaos.experiment).toBeUndefined();
  });

  it('never takes a negative time', () => {
    const service = killed({ recoveryObjective: '5s' });
    service.decide(t0 + minute + 5_000);
    expect(service.last).toMatchObject({ verdict: 'Failed' });
    service.replace();
    service.decide(t0 + 10_000);
    expect(service.last?.recoveryMs ?? 0).toBeGreaterThanOrEqual(0);
  });
});
