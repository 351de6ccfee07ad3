import { type Steps, create, get, mergePatch } from '../../kube/api-request.ts';
import type { Lease } from '../../kube/api-types.ts';
import { leases } from '../../kube/resources.ts';
import type { Clock } from '../../lib/clock.ts';
import { type Holder, leaseRef, microTime, newLease, taken } from './lease-record.ts';

/** Time limit of each request for the Lease. Milliseconds. */
const timeoutMs = 1_000;

/** The requests for the Lease. Each change of it is guarded by its version. All throw HAError. */
export class LeaseRequests {
  readonly #clock: Clock;
  readonly #namespace: string;
  readonly #holder: Holder;

  /** @param holder This process. */
  constructor(clock: Clock, namespace: string, holder: Holder) {
    this.#clock = clock;
    this.#namespace = namespace;
    this.#holder = holder;
  }

  *read(): Steps<Lease> {
    return yield* get(leases, leaseRef(this.#namespace), { timeoutMs });
  }

  *create(): Steps<Lease> {
    const made = newLease(this.#namespace, this.#holder, this.#clock.wallNow());
    return yield* create(leases, made, { timeoutMs });
  }

  /** @param former The Lease as it was last seen. */
  *take(version: string, former: Lease | undefined): Steps<Lease> {
    const { metadata, spec } = taken(this.#holder, former, this.#clock.wallNow());
    return yield* this.#patch(version, spec, metadata);
  }

  *renew(version: string): Steps<Lease> {
    return yield* this.#patch(version, {});
  }

  *release(version: string): Steps<Lease> {
    return yield* this.#patch(version, { holderIdentity: null });
  }

  *#patch(version: string, spec: object, metadata: object = {}): Steps<Lease> {
    const patch = {
      metadata: { ...metadata, resourceVersion: version },
      spec: { renewTime: microTime(this.#clock.wallNow()), ...spec },
    };
    return yield* mergePatch<Lease>(leases, leaseRef(this.#namespace), patch, { timeoutMs });
  }
}
