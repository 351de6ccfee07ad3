import type { IncomingHttpHeaders } from 'node:http2';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decodeReport } from './messages.ts';

/** Report of a member that is unhealthy or rejects an order. A text if it cannot be decoded, undefined if there is none. */
export function reportIn(trailers: IncomingHttpHeaders): MemberReport | string | undefined {
  const value = trailers['haservice-report-bin'];
  return typeof value === 'string' ? decodeReport(Buffer.from(value, 'base64')) : undefined;
}

/** Reason why an order was rejected, in one word. */
export function rejectionIn(trailers: IncomingHttpHeaders): string | undefined {
  const value = trailers['haservice-refusal'];
  return typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined;
}
