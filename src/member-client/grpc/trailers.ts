import type { IncomingHttpHeaders } from 'node:http2';
import type { MemberReport } from '../../protocol/member-protocol.ts';
import { decodeReport } from './messages.ts';

/** The report of a member that is not well, or refuses. A text where it is none, undefined where there is nothing. */
export function reportIn(trailers: IncomingHttpHeaders): MemberReport | string | undefined {
  const value = trailers['haservice-report-bin'];
  return typeof value === 'string' ? decodeReport(Buffer.from(value, 'base64')) : undefined;
}

/** Why an order was refused, in one word. */
export function refusalIn(trailers: IncomingHttpHeaders): string | undefined {
  const value = trailers['haservice-refusal'];
  return typeof value === 'string' && /^\w{1,64}$/.test(value) ? value : undefined;
}
