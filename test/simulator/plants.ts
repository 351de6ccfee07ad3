import type { Plants } from './operator.ts';

/** Operators that are broken on purpose: what looks for faults must be seen to find these. */
export const plants: Record<string, Plants> = {
  'no-quorum': { unsafe: 'no-quorum' },
  'no-fence': { unsafe: 'no-fence' },
  'promotes-early': { promotesEarly: true },
  'fewer-acks': { fewerAcks: true },
};

/** Those of this name; none without one. */
export const plantsOf = (name: string | undefined): Plants => plants[name ?? ''] ?? {};
