export type Role = 'none' | 'standby' | 'primary';

export interface HookAnswer {
  status: number;
  text: string;
}

/**
 * The role of a member, as far as it knows. It is `none`, and takes every write, until a hook is called: then it is a standby until
 * it is promoted, and rejects an epoch lower than the highest that it has seen.
 */
export class RoleKeeper {
  #role: Role;
  #epoch = 0;

  constructor(role: Role) {
    this.#role = role;
  }

  get role(): Role {
    return this.#role;
  }

  get epoch(): number {
    return this.#epoch;
  }

  get takesWrites(): boolean {
    return this.#role !== 'standby';
  }

  /** Handles a hook call. The same call may come twice. */
  become(role: 'standby' | 'primary', epoch: number): HookAnswer {
    if (!Number.isInteger(epoch) || epoch < 0) {
      return { status: 400, text: 'the header HAService-Epoch must be a whole number' };
    }
    if (epoch < this.#epoch) {
      return { status: 409, text: `epoch ${epoch} is outdated: ${this.#epoch} has been seen` };
    }
    this.#role = role;
    this.#epoch = epoch;
    return { status: 200, text: `${role} of epoch ${epoch}` };
  }
}
