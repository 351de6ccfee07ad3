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
import { parseReport } from './member.ts';
import type { OrderAnswer, OrderTarget } from './order-answer.ts';
import { post } from './post.ts';

/** `error` is a Refusal, but a member may know reasons of its own. */
const refusalSchema = z.object({
  error: z.string().min(1).max(64),
  message: z.string().max(4096).default(''),
});

/**
 * Gives a member an order, by the member protocol. Resolves with its report when the order is carried out, or has begun to be: the
 * report, and those to come, say how far it is.
 *
 * @throws HAError HA_ERR_ORDER_REFUSED with the Refusal as `reason`, HA_ERR_ORDER_TIMEOUT, HA_ERR_ORDER_UNREACHABLE, or
 *   HA_ERR_ORDER_ANSWER where the answer is not one of the protocol; the signal's own reason where that ended it.
 */
export async function sendOrder<K extends OrderKind>(
  kind: K,
  order: Order<K>,
  target: OrderTarget,
): Promise<MemberReport> {
  const headers = { ...target.headers, [epochHeader]: String(order.epoch) };
  const send = target.grpc === true ? orderOverGrpc : orderOverHttp;
  const { what, status, said } = await send(kind, order, { ...target, headers });
  const details = status === undefined ? {} : { status };
  if (typeof said === 'string') {
    throw new HAError('HA_ERR_ORDER_ANSWER', `${what} was answered with ${said}`, details);
  }
  if ('refusal' in said) {
    const { refusal: reason, message } = said;
    const detail = `${what}: ${reason}${message === '' ? '' : ` (${message})`}`;
    throw new HAError('HA_ERR_ORDER_REFUSED', detail, { ...details, reason });
  }
  const { report } = said;
  // The order went to an address; whoever has it now does not count.
  if (report.uid !== undefined && order.uid !== undefined && report.uid !== order.uid) {
    const detail = `${what}: another pod answered, with UID ${report.uid}`;
    throw new HAError('HA_ERR_ORDER_ANSWER', detail, { ...details, reason: 'WrongMember' });
  }
  return report;
}

/** 200 and 202 with a report, or 409 with a refusal. */
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
    const refusal = parseRefusal(text);
    if (refusal !== undefined) {
      return { what, status, said: { refusal: refusal.error, message: refusal.message } };
    }
  }
  const report = parseReport(text);
  const isDone = status === 200 || status === 202;
  if (isDone && typeof report !== 'string') return { what, status, said: { report } };
  return { what, status, said: `${status}${typeof report === 'string' ? ` ${report}` : ''}` };
}

function parseRefusal(text: string) {
  try {
    return refusalSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
