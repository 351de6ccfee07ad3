import type { decide } from '../../src/core/decide.ts';
import type { Observed } from '../../src/core/model/observed.ts';
import type { MemberBehaviour } from './setups.ts';

/** One way to break the operator or its members on purpose: the checks must detect it. */
export interface Mutant {
  unsafe?: Observed['unsafe'];
  /** What the members do wrong. */
  behaviour?: Partial<MemberBehaviour>;
  /** Every member is asked at the agent's port, whatever its pod was made with. */
  oneContact?: boolean;
  /** Every pod seems to be made as the spec of this minute makes pods. */
  believesSpec?: boolean;
  /** Leases are renewed only while the spec of this minute asks for them. */
  grantsBySpec?: boolean;
  decide?: typeof decide;
  /** Of each process of the operator its own, with a memory of its own. */
  decideOf?: () => typeof decide;
  /** No request says which version or UID it is about. */
  isUnguarded?: boolean;
  /** A list that follows a broken watch removes nothing from the cache. */
  keepsUnlisted?: boolean;
}
