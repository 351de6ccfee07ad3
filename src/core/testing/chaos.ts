import type { ChaosView } from '../model/chaos-view.ts';
import { decide } from '../decide.ts';
import type { Decision } from '../model/decision.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { makeMember, makeObserved, running, t0 } from './fixtures.ts';

/** Nothing forbids an experiment, and the schedule has no time. */
const makeChaosView = (more: Partial<ChaosView> = {}): ChaosView => ({
  schedule: {},
  limits: { enabled: true, maxExperiments: 3, maxExperimentsPerZone: 1 },
  others: [],
  isOptedOut: false,
  ...more,
});

/** A service with experiments: what happens to it is applied by hand, and each decision's status is stored. */
export class ChaosService {
  resource: Resource;
  members: Member[];
  view = makeChaosView();
  more: Partial<Observed> = {};
  nowMs = t0;

  constructor(chaos: object = {}, spec: object = {}) {
    const { resource, members } = running({ ...spec, chaos });
    this.resource = resource;
    this.members = members;
  }

  get chaos() {
    return this.resource.status.chaos ?? {};
  }

  get last() {
    return this.chaos.history?.[0];
  }

  /** Changes the chaos block, as a user would. */
  edit(chaos: object): void {
    const { spec } = this.resource;
    if (spec.chaos === undefined) throw new Error('the service has no experiments');
    this.resource = { ...this.resource, spec: { ...spec, chaos: { ...spec.chaos, ...chaos } } };
  }

  request(value: string): void {
    this.resource = { ...this.resource, requests: { chaos: value } };
  }

  /** Decides at a time, and stores the status. */
  decide(atMs = this.nowMs): Decision {
    this.nowMs = atMs;
    const observed = makeObserved(this.members, {
      writeEndpoints: [this.resource.status.primaryUID ?? ''],
      chaos: this.view,
      ...this.more,
    });
    const decision = decide(this.resource, observed, atMs);
    const status = decision.commit?.status ?? decision.status;
    this.resource = { ...this.resource, status };
    return decision;
  }

  /** Decides until the status stays the same. The kill is not done. */
  settle(atMs = this.nowMs): Decision {
    let before: unknown;
    let decision = this.decide(atMs);
    for (let i = 0; i < 10 && before !== this.resource.status.chaos?.experiment; i++) {
      before = this.resource.status.chaos?.experiment;
      decision = this.decide(atMs);
      if (decision.actions.some(({ type }) => type === 'InjectFault')) break;
    }
    return decision;
  }

  /** Does what the decision's kill says, as the API server would. */
  kill({ actions }: Decision): string[] {
    const fault = actions.find((action) => action.type === 'InjectFault');
    if (fault?.type !== 'InjectFault') return [];
    const uids = new Set(fault.members.map(({ uid }) => uid));
    this.members = this.members.filter(({ uid }) => !uids.has(uid));
    this.view = {
      ...this.view,
      injection: {
        id: fault.experiment.id,
        startsAt: fault.experiment.startsAt,
        atMs: this.nowMs,
        killed: [...uids],
        failures: [],
        unanswered: [],
        isUnsure: false,
      },
    };
    return fault.members.map(({ name }) => name);
  }

  /** The missing members are back, as other pods. */
  replace(): void {
    for (let ordinal = 0; ordinal < this.resource.spec.replicas; ordinal++) {
      if (this.members.some((member) => member.ordinal === ordinal)) continue;
      const uid = `uid-web-${ordinal}-${this.nowMs}`;
      this.members.push(makeMember(this.resource, ordinal, { uid, createdAtMs: this.nowMs }));
    }
    this.members.sort((a, b) => a.ordinal - b.ordinal);
  }
}

/** A service whose experiment is due one minute after t0, and then not for a long time. */
export function dueInAMinute(chaos: object = {}, spec: object = {}): ChaosService {
  const service = new ChaosService({ schedule: '* * * * *', ...chaos }, spec);
  service.view.schedule = { nextMs: t0 + minute };
  service.decide(t0);
  service.view.schedule = { nextMs: t0 + 1_000 * minute };
  return service;
}

/** The same, one minute later: a standby was killed. */
export function killed(chaos: object = {}, spec: object = {}): ChaosService {
  const service = dueInAMinute({ target: { role: 'Standby' }, ...chaos }, spec);
  service.settle(t0 + minute);
  service.kill(service.decide(t0 + minute));
  service.decide(t0 + minute);
  return service;
}

const minute = 60_000;
