import { describe, expect, it } from 'vitest';
import { ChaosService } from '../testing/chaos.ts';
import { makeMember, t0 } from '../testing/fixtures.ts';

const minute = 60_000;
const at = (ms: number) => new Date(ms).toISOString();
const reasons = (decision: { events: { reason: string }[] }) =>
  decision.events.map(({ reason }) => reason);
const standby = { target: { role: 'Standby' } };

/** A service whose next scheduled time is one minute after t0. */
function scheduled(chaos: object = {}, spec: object = {}) {
  const service = new ChaosService({ schedule: '* * * * *', ...chaos }, spec);
  service.view.schedule = { nextMs: t0 + minute };
  service.decide(t0);
  return service;
}

describe('a scheduled experiment', () => {
  it('waits for its time, which the status and the condition name', () => {
    const service = scheduled(standby);
    expect(service.chaos).toMatchObject({ nextTime: at(t0 + minute), plan: '* * * * * (UTC)' });
    const { requeueAtMs } = service.decide(t0 + 1);
    expect(requeueAtMs).toBe(t0 + minute);
    const condition = service.resource.status.conditions?.find(({ type }) => type === 'ChaosReady');
    expect(condition).toMatchObject({ status: 'True', reason: 'Scheduled' });
    expect(service.chaos.experiment).toBeUndefined();
  });

  it('kills once, waits for the recovery and passes', () => {
    const service = scheduled(standby);
    service.view.schedule = { nextMs: t0 + 2 * minute };
    const started = service.decide(t0 + minute);
    // The intent is stored before anything is killed.
    expect(started.actions.some(({ type }) => type === 'InjectFault')).toBe(false);
    expect(reasons(started)).toContain('ExperimentStarted');
    expect(service.chaos).toMatchObject({
      nextTime: at(t0 + 2 * minute),
      experiment: { id: 1, phase: 'Injecting', cause: 'Schedule', action: 'PodKill' },
    });
    const [killed] = service.kill(service.decide(t0 + minute + 5));
    expect(['web-1', 'web-2']).toContain(killed);
    const after = service.decide(t0 + minute + 10);
    expect(after.actions.some(({ type }) => type === 'InjectFault')).toBe(false);
    expect(service.chaos.experiment).toMatchObject({
      phase: 'Recovering',
      injectedAt: at(t0 + minute + 5),
    });
    service.replace();
    const ended = service.decide(t0 + minute + 4_005);
    expect(reasons(ended)).toContain('ExperimentPassed');
    expect(service.chaos.experiment).toBeUndefined();
    expect(service.last).toMatchObject({
      id: 1,
      verdict: 'Passed',
      recoveryMs: 4_000,
      hits: [{ pod: killed, role: 'standby' }],
      objective: '2m',
    });
    expect(service.chaos).toMatchObject({
      lastVerdict: 'Passed',
      summary: { experiments: 1, passed: 1, medianRecoveryMs: 4_000, worstRecoveryMs: 4_000 },
    });
  });

  it('fails over if the primary is hit, and the failover does not count for the backoff', () => {
    const service = scheduled({ target: { role: 'Primary' } });
    service.decide(t0 + minute);
    expect(service.kill(service.decide())).toEqual(['web-0']);
    const failover = service.decide(t0 + minute + 20);
    expect(failover.commit?.status.failovers?.[0]).toMatchObject({ from: 'web-0', experiment: 1 });
  });

  it('that was missed by more than a minute is skipped, and the next time is kept', () => {
    const service = scheduled(standby);
    service.view.schedule = { nextMs: t0 + 5 * minute };
    service.decide(t0 + 3 * minute);
    expect(service.chaos.history).toBeUndefined();
    expect(service.chaos.experiment).toBeUndefined();
    expect(service.chaos.nextTime).toBe(at(t0 + 5 * minute));
  });

  it('does not begin because the schedule is new or has changed', () => {
    const service = scheduled(standby);
    service.edit({ schedule: '*/5 * * * *' });
    service.view.schedule = { nextMs: t0 + 5 * minute };
    service.decide(t0 + minute);
    expect(service.chaos).toMatchObject({ nextTime: at(t0 + 5 * minute) });
    expect(service.chaos.experiment).toBeUndefined();
  });

  it('begins at random times with a mean', () => {
    const service = new ChaosService({ meanTimeBetween: '10m', ...standby });
    service.decide(t0);
    const next = Date.parse(service.chaos.nextTime ?? '');
    expect(next).toBeGreaterThan(t0);
    service.decide(t0 + 1);
    expect(Date.parse(service.chaos.nextTime ?? '')).toBe(next);
    service.decide(next);
    expect(service.chaos.experiment).toMatchObject({ phase: 'Injecting' });
    expect(Date.parse(service.chaos.nextTime ?? '')).toBeGreaterThan(next);
  });

  it('is announced, and aborted if it is suspended until then', () => {
    const service = scheduled({ ...standby, announce: '30s' });
    const announced = service.decide(t0 + minute);
    expect(reasons(announced)).toContain('ExperimentAnnounced');
    expect(service.chaos.experiment).toMatchObject({
      phase: 'Announced',
      startsAt: at(t0 + minute + 30_000),
    });
    service.edit({ suspend: true });
    service.decide(t0 + minute + 10_000);
    expect(service.last).toMatchObject({ verdict: 'Aborted', reason: 'Suspended' });
  });

  it('in a dry run ends before the kill', () => {
    const service = scheduled({ ...standby, dryRun: true });
    service.decide(t0 + minute);
    const { actions } = service.decide();
    expect(actions.some(({ type }) => type === 'InjectFault')).toBe(false);
    expect(service.last).toMatchObject({ verdict: 'Aborted', reason: 'DryRun', dryRun: true });
    expect(service.chaos.summary).toBeUndefined();
  });
});

describe('an experiment that does not recover in time', () => {
  const fail = (chaos: object = {}) => {
    const service = scheduled({ ...standby, recoveryObjective: '5s', ...chaos });
    service.view.schedule = { nextMs: t0 + 2 * minute };
    service.decide(t0 + minute);
    service.kill(service.decide());
    service.decide(t0 + minute + 1);
    service.decide(t0 + minute + 5_000);
    return service;
  };

  it('fails, and suspends the schedule until a user resumes it', () => {
    const service = fail();
    expect(service.last).toMatchObject({ verdict: 'Failed' });
    expect(service.last?.message).toContain('not recovered within 5s');
    expect(service.chaos).toMatchObject({ suspended: true });
    service.decide();
    expect(service.chaos.nextTime).toBeUndefined();
    service.edit({ suspend: true });
    service.decide();
    service.edit({ suspend: false });
    service.decide();
    expect(service.chaos.suspended).toBeUndefined();
    expect(service.chaos.nextTime).toBe(at(t0 + 2 * minute));
  });

  it('gets the time of its late recovery, and until then no other begins', () => {
    const service = fail({ onFailure: 'Continue' });
    service.request(at(t0 + minute + 6_000));
    service.decide(t0 + minute + 6_000);
    expect(service.last).toMatchObject({ verdict: 'Refused', reason: 'NotRecovered' });
    service.replace();
    service.decide(t0 + minute + 8_000);
    expect(service.chaos.history?.[1]).toMatchObject({ verdict: 'Failed', recoveryMs: 8_000 });
    expect(service.chaos.summary).toMatchObject({ passed: 0, worstRecoveryMs: 8_000 });
  });

  it('ends the suspension if one on request passes', () => {
    const service = fail({ minPodAge: '0s' });
    service.replace();
    service.decide(t0 + minute + 8_000);
    service.request(at(t0 + minute + 9_000));
    service.decide(t0 + minute + 9_000);
    expect(service.kill(service.decide())).toHaveLength(1);
    service.decide();
    service.replace();
    service.decide(t0 + minute + 10_000);
    expect(service.last).toMatchObject({ verdict: 'Passed', cause: 'Request' });
    expect(service.chaos.suspended).toBeUndefined();
  });
});

describe('an operator that is restarted during an experiment', () => {
  it('finishes a kill that has not begun', () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    // Another process: it knows what is stored, and no injection.
    expect(service.kill(service.decide(t0 + minute + 3_000))).toHaveLength(1);
  });

  it('never repeats a kill that may have been done, and says Unknown', () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    service.kill(service.decide());
    delete service.view.injection;
    for (let i = 0; i < 3; i++) {
      const { actions } = service.decide(t0 + minute + 1_000 + i);
      expect(actions.some(({ type }) => type === 'InjectFault')).toBe(false);
    }
    expect(service.chaos.experiment).toMatchObject({ phase: 'Recovering', isUnsure: true });
    service.replace();
    const ended = service.decide(t0 + minute + 4_000);
    expect(reasons(ended)).toContain('ExperimentUnknown');
    expect(service.last).toMatchObject({
      verdict: 'Unknown',
      message: expect.stringContaining('the operator was restarted during the kill') as string,
    });
  });

  it('leaves out a kill that is more than a minute late', () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    service.decide(t0 + minute + 61_000);
    expect(service.last).toMatchObject({ verdict: 'Aborted', reason: 'Late' });
  });

  it('does not kill if the service has come into danger since the intent was stored', () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    service.members = service.members.filter(({ ordinal }) => ordinal !== 0);
    const { actions } = service.decide(t0 + minute + 100);
    expect(actions.some(({ type }) => type === 'InjectFault')).toBe(false);
  });
});

describe('a kill that the API server refuses', () => {
  it('is aborted with its answer', () => {
    const service = scheduled({ ...standby, action: 'Evict' });
    service.decide(t0 + minute);
    service.view.injection = {
      id: 1,
      startsAt: at(t0 + minute),
      atMs: t0 + minute,
      killed: [],
      failures: ['web-1: a disruption budget needs it'],
      unanswered: [],
      isUnsure: false,
    };
    service.decide(t0 + minute + 1);
    expect(service.last).toMatchObject({ verdict: 'Aborted', reason: 'KillRefused' });
    expect(service.last?.message).toContain('a disruption budget needs it');
  });
});

describe('a kill that was not answered', () => {
  const why = 'web-1: its kill was sent, and has no answer (a failover goes first)';
  /** The pass after the kill. */
  const unanswered = () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    service.view.injection = {
      ...{ id: 1, startsAt: at(t0 + minute), atMs: t0 + minute, isUnsure: false },
      ...{ killed: [], unanswered: [{ uid: 'uid-web-1', why }], failures: [] },
    };
    service.decide(t0 + minute + 1);
    expect(service.chaos.experiment).toMatchObject({ phase: 'Recovering', isUnsure: true });
    return service;
  };

  it('was done if the pod goes, and is judged as any other', () => {
    const service = unanswered();
    service.members = service.members.filter(({ name }) => name !== 'web-1');
    service.decide(t0 + minute + 2_000);
    expect(service.chaos.experiment?.isUnsure).toBeUndefined();
    service.replace();
    service.decide(t0 + minute + 4_000);
    expect(service.last).toMatchObject({ verdict: 'Passed', message: 'recovered after 4000 ms' });
  });

  it('stays unknown if the pod runs on', () => {
    const service = unanswered();
    service.decide(t0 + minute + 4_000);
    expect(service.last).toMatchObject({
      verdict: 'Unknown',
      message: expect.stringContaining('its kill was sent, and has no answer') as string,
    });
  });
});

it('what was not killed is no part of the experiment, and the record says why', () => {
  const placement = { disruptionBudget: 2 };
  const service = scheduled({ ...standby, amount: 2, minHealthy: 1 }, { placement });
  service.view.schedule = { nextMs: t0 + 2 * minute };
  service.decide(t0 + minute);
  service.view.injection = {
    ...{ id: 1, startsAt: at(t0 + minute), atMs: t0 + minute, unanswered: [], isUnsure: false },
    ...{ killed: ['uid-web-1'], failures: ['web-2 was gone already'] },
  };
  service.members = service.members.filter(({ name }) => name !== 'web-1');
  service.decide(t0 + minute + 1);
  service.replace();
  service.decide(t0 + minute + 4_000);
  expect(service.last).toMatchObject({
    verdict: 'Passed',
    hits: [{ pod: 'web-1' }],
    kill: 'web-2 was gone already',
    message: 'recovered after 4000 ms; not killed: web-2 was gone already',
  });
});

describe('orders of people', () => {
  it('a stop switch that is set during the announcement aborts, even if it is taken back', () => {
    const service = scheduled({ ...standby, announce: '10m' });
    service.decide(t0 + minute);
    const limits = { maxExperiments: 3, maxExperimentsPerZone: 1 };
    service.view.limits = { ...limits, enabled: false };
    service.decide(t0 + 2 * minute);
    expect(service.last).toMatchObject({ verdict: 'Aborted', reason: 'ChaosDisabled' });
  });

  it('spec.chaos that is removed after the kill leaves an unknown verdict', () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    service.kill(service.decide());
    const { chaos: _chaos, ...spec } = service.resource.spec;
    service.resource = { ...service.resource, spec };
    service.decide(t0 + minute + 1);
    expect(service.last).toMatchObject({ verdict: 'Unknown' });
    expect(service.chaos.experiment).toBeUndefined();
  });

  it('a request from the future is refused, and holds up none that follows', () => {
    const service = new ChaosService(standby);
    service.request('2062-01-01T00:00:00Z');
    service.decide(t0);
    expect(service.last).toMatchObject({ verdict: 'Refused', reason: 'RequestInvalid' });
    expect(service.last?.message).toContain('in the future');
    service.request(at(t0 + 1_000));
    service.decide(t0 + 1_000);
    expect(service.chaos.experiment).toMatchObject({ cause: 'Request' });
  });

  it('the service scaled to 0 during the recovery leaves an unknown verdict, and no suspension', () => {
    const service = scheduled(standby);
    service.decide(t0 + minute);
    service.kill(service.decide());
    service.decide(t0 + minute + 1);
    service.resource = { ...service.resource, spec: { ...service.resource.spec, replicas: 0 } };
    service.decide(t0 + 10 * minute);
    expect(service.last).toMatchObject({ verdict: 'Unknown' });
    expect(service.chaos.suspended).toBeUndefined();
  });
});

it('a refusal in the pass of a verdict hides neither Event', () => {
  const service = scheduled({ ...standby, recoveryObjective: '5s', onFailure: 'Continue' });
  service.decide(t0 + minute);
  service.kill(service.decide());
  service.decide(t0 + minute + 1);
  service.request(at(t0 + minute + 5_000));
  const both = service.decide(t0 + minute + 5_001);
  expect(reasons(both)).toEqual(expect.arrayContaining(['ExperimentFailed', 'ExperimentRefused']));
});

it('an injection of an earlier experiment with the same number counts for nothing', () => {
  const service = scheduled(standby);
  service.decide(t0 + minute);
  service.view.injection = {
    ...{ id: 1, startsAt: at(t0), atMs: t0, failures: [], unanswered: [], isUnsure: false },
    killed: ['uid-web-1'],
  };
  expect(service.kill(service.decide())).toHaveLength(1);
});

it('records name what was hit, and stay small whatever is hit', () => {
  const service = new ChaosService(
    { amount: 99, minHealthy: 0, historyLimit: 50, minPodAge: '0s' },
    { replicas: 100 },
  );
  const many = Array.from({ length: 100 }, (_, i) => makeMember(service.resource, i));
  service.members = many;
  for (let i = 0; i < 60; i++) {
    service.request(at(t0 + i * 1_000));
    service.decide(t0 + i * 1_000);
  }
  expect(service.chaos.history).toHaveLength(50);
  expect(JSON.stringify(service.chaos).length).toBeLessThan(64 * 1024);
});
