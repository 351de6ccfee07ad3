import type { Decision } from '../../src/core/model/decision.ts';
import type { ApiRequest } from '../../src/kube/api-request.ts';
import type { ServiceObject } from './api-server.ts';

/** How old an answer may be: a second until the first kill, and another until the last. Milliseconds. */
const freshMs = 2_000;

/** One request of an operator that kills a member for an experiment. */
export interface Kill {
  operator: string;
  experiment: number;
  uid: string;
  /** What the API server has answered to this operator about the service a moment ago; undefined: it has not asked. */
  read: ServiceObject | undefined;
}

/** Knows which requests of one operator are kills of an experiment. */
export class ExperimentRequests {
  readonly #operator: string;
  #kills = new Map<string, number>();
  readonly #nowMs: () => number;
  #read: { service: ServiceObject; atMs: number } | undefined;

  constructor(operator: string, nowMs: () => number) {
    this.#operator = operator;
    this.#nowMs = nowMs;
  }

  decided({ actions }: Decision): void {
    this.#kills = new Map(
      actions.flatMap((action) =>
        action.type === 'InjectFault'
          ? action.members.map(({ uid }): [string, number] => [uid, action.experiment.id])
          : [],
      ),
    );
  }

  answered(request: ApiRequest, value: unknown): void {
    if (request.verb !== 'get' || request.type.plural !== 'haservices') return;
    this.#read = { service: value as ServiceObject, atMs: this.#nowMs() };
  }

  killOf(request: ApiRequest): Kill | undefined {
    if (request.verb !== 'delete' && request.verb !== 'evict') return undefined;
    const { uid = '' } = request;
    const experiment = this.#kills.get(uid);
    if (experiment === undefined) return undefined;
    const { service, atMs = -Infinity } = this.#read ?? {};
    const read = this.#nowMs() - atMs <= freshMs ? service : undefined;
    return { operator: this.#operator, experiment, uid, read };
  }
}
