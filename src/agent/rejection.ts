import { type ErrorCode, HAError } from '../api/errors.ts';
import type { Rejection } from '../protocol/member-protocol.ts';

const rejections: Partial<Record<ErrorCode, Rejection>> = {
  HA_ERR_MEMBER_EMPTY: 'Empty',
  HA_ERR_MEMBER_FOREIGN: 'Foreign',
};

/** How an engine's error is reported to the operator. */
export const rejectionOf = (error: unknown): Rejection =>
  (error instanceof HAError ? rejections[error.code] : undefined) ?? 'Failed';
