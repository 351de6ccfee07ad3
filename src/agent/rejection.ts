import { type ErrorCode, HAError } from '../api/errors.ts';
import type { Refusal } from '../protocol/member-protocol.ts';

const refusals: Partial<Record<ErrorCode, Refusal>> = {
  HA_ERR_MEMBER_EMPTY: 'Empty',
  HA_ERR_MEMBER_FOREIGN: 'Foreign',
};

/** How an engine's error is told to the operator. */
export const rejectionOf = (error: unknown): Refusal =>
  (error instanceof HAError ? refusals[error.code] : undefined) ?? 'Failed';
