import * as z from 'zod';
import { HAError } from '../api/errors.ts';
import {
  type MemberReport,
  type Order,
  type OrderKind,
  epochHeader,
  protocolPath,
} from '../api/member-protocol.ts';
import { parseReport } from './member.ts';
import { post } from './post.ts';

export interface OrderTarget {
  /** IP address of the member. */
  host: string;
  /** Of its agent, or of the program where that speaks the member protocol itself. */
  port: number;
  timeoutMs: number;
  signal: AbortSignal;
  /** A grant of time, where there is one. */
  headers?: Record<string, string>;
}

/** `error` is a Refusal, but a member may know reasons of its own. */
const refusalSchema = z.object({
  error: z.string().min(1).max(64),
  message: z.string().max(4096).default(''),
});

/**
 * Gives a member an order, by the member protocol. Resolves with its report when it has obeyed (200), or has begun to
 * (202): the report, and those to come, say how far it is.
 *
 * @throws HAError HA_ERR_ORDER_REFUSED with the Refusal as `reason`, HA_ERR_ORDER_TIMEOUT, HA_ERR_ORDER_UNREACHABLE, or
 *   HA_ERR_ORDER_ANSWER where the answer is not one of the protocol; the signal's own reason where that ended it.
 */
export async function sendOrder<K extends OrderKind>(
  kind: K,
  order: Order<K>,
  { host, port, timeoutMs, signal, headers = {} }: OrderTarget,
): Promise<MemberReport> {
  const { status, text, what } = await post(
    {
      host,
      port,
      path: `${protocolPath}/${kind}`,
      headers: { ...headers, [epochHeader]: String(order.epoch) },
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
      const { error, message } = refusal;
      const detail = `${what}: ${error}${message === '' ? '' : ` (${message})`}`;
      throw new HAError('HA_ERR_ORDER_REFUSED', detail, { status, reason: error });
    }
  }
  const report = parseReport(text);
  if ((status !== 200 && status !== 202) || typeof report === 'string') {
    const why = typeof report === 'string' ? ` ${report}` : '';
    throw new HAError('HA_ERR_ORDER_ANSWER', `${what} was answered with ${status}${why}`, {
      status,
    });
  }
  // The order went to an address; whoever has it now does not count.
  if (report.uid !== undefined && order.uid !== undefined && report.uid !== order.uid) {
    const detail = `${what}: another pod answered, with UID ${report.uid}`;
    throw new HAError('HA_ERR_ORDER_ANSWER', detail, { status, reason: 'WrongMember' });
  }
  return report;
}

function parseRefusal(text: string) {
  try {
    return refusalSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
