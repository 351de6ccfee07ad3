import * as z from 'zod';
import { HAError } from '../api/errors.ts';
import {
  type MemberReport,
  type Order,
  type OrderKind,
  epochHeader,
  protocolPath,
} from '../protocol/member-protocol.ts';
import { orderOverGrpc } from './grpc/orders.ts';
import { parseReport } from './report-connection.ts';
import type { OrderAnswer, OrderTarget } from './order-answer.ts';
import { post } from './post.ts';

/** `error` is a Rejection, or a member's own reason. */
const rejectionSchema = z.object({
  error: z.string().min(1).max(64),
  message: z.string().max(4096).default(''),
});

/**
 * Sends an order to a member, by the member protocol. The operator calls it for each order of a pass, and again in later passes
 * until the reports show the effect: every order may be repeated. Resolves with a report once the member has acknowledged, or has
 * begun to: this report and later ones show the progress.
 *
 * An error does not mean that the order had no effect: after a timeout the member may still obey.
 *
 * @throws HAError HA_ERR_ORDER_REFUSED with the Rejection as `reason`, HA_ERR_ORDER_TIMEOUT, HA_ERR_ORDER_UNREACHABLE, or
 *   HA_ERR_ORDER_ANSWER if the answer is not one of the protocol; the signal's own reason if the signal ended the call.
 */
export async function sendOrder<K extends OrderKind>(
  kind: K,
  order: Order<K>,
  target: OrderTarget,
): Promise<MemberReport> {
  const headers = { ...target.headers, [epochHeader]: String(order.epoch) };
  const send = target.grpc === true ? orderOverGrpc : orderOverHttp;
  const { what, status, result } = await send(kind, order, { ...target, headers });
  const details = status === undefined ? {} : { status };
  if (typeof result === 'string') {
    throw new HAError('HA_ERR_ORDER_ANSWER', `${what} was answered with ${result}`, details);
  }
  if ('rejection' in result) {
    const { rejection: reason, message } = result;
    const detail = `${what}: ${reason}${message === '' ? '' : ` (${message})`}`;
    throw new HAError('HA_ERR_ORDER_REFUSED', detail, { ...details, reason });
  }
  const { report } = result;
  // The order went to an IP address: another pod may have it by now, and its report does not count.
  if (report.uid !== undefined && order.uid !== undefined && report.uid !== order.uid) {
    const detail = `${what}: another pod answered, with UID ${report.uid}`;
    throw new HAError('HA_ERR_ORDER_ANSWER', detail, { ...details, reason: 'WrongMember' });
  }
  return report;
}

/** 200 and 202 with a report, or 409 with a rejection. */
async function orderOverHttp(
  kind: OrderKind,
  order: Order,
  { host, port, timeoutMs, signal, headers = {} }: OrderTarget,
): Promise<OrderAnswer> {
  const { status, text, what } = await post(
    {
      host,
      port,
      path: `${protocolPath}/${kind}`,
      headers,
      body: order,
      timeout: `${timeoutMs}ms`,
      what: `order ${kind}`,
      errors: {
        timeout: 'HA_ERR_ORDER_TIMEOUT',
        tooLarge: 'HA_ERR_ORDER_ANSWER',
        unreachable: 'HA_ERR_ORDER_UNREACHABLE',
      },
    },
    signal,
  );
  if (status === 409) {
    const rejection = parseRejection(text);
    if (rejection !== undefined) {
      return { what, status, result: { rejection: rejection.error, message: rejection.message } };
    }
  }
  const report = parseReport(text);
  const isDone = status === 200 || status === 202;
  if (isDone && typeof report !== 'string') return { what, status, result: { report } };
  return { what, status, result: `${status}${typeof report === 'string' ? ` ${report}` : ''}` };
}

function parseRejection(text: string) {
  try {
    return rejectionSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
