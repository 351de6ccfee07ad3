import type { EventReason, RelayedReason } from '../../api/reasons.ts';

/** An Event to record. */
export interface EventNote {
  type: 'Normal' | 'Warning';
  reason: EventReason | RelayedReason;
  action: string;
  note: string;
  /** Name of the pod that it is related to. */
  pod?: string;
}
