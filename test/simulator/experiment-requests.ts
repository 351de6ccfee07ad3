import type { Decision } from '../../src/core/model/decision.ts';
import type { ApiRequest } from '../../src/kube/api-request.ts';
import type { ServiceObject } from './api-server.ts';

/** One request of an operator that kills a member for an experiment. */
export interface Kill {
  operator: string;
  experiment: number;
  uid: string;
  /** What the API server has last answered to this operator about the service since it decided; undefined: it has not asked. */
  read: ServiceObject | undefined;
}

/** Knows which requests of one operator are kills of an experiment. */
export class ExperimentRequests {
  readonly #operator: string;
  #kills = new Map<string, number>();
  #read: ServiceObject | undefined;

  constructor(operator: string) {
    this.#operator = operator;
  }

  decided({ actions }: Decision): void {
    this.#read = undefined;
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
    this.#read = value as ServiceObject;
  }

  killOf(request: ApiRequest): Kill | undefined {
    if (request.verb !== 'delete' && request.verb !== 'evict') return undefined;
    const { uid = '' } = request;
    const experiment = this.#kills.get(uid);
    if (experiment === undefined) return undefined;
    return { operator: this.#operator, experiment, uid, read: this.#read };
  }
}
