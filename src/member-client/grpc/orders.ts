import { HAError } from '../../api/errors.ts';
import type { Order, OrderKind } from '../../protocol/member-protocol.ts';
import type { OrderAnswer, OrderTarget } from '../order-answer.ts';
import { type GrpcAnswer, grpcStatus } from './call.ts';
import { type GrpcConnection, openConnection } from './connection.ts';
import { decodeReport, encodeOrder, orderPath } from './messages.ts';
import { rejectionIn } from './trailers.ts';

/**
 * Sends an order over gRPC, over a connection of its own. No deadline is sent along: the member may finish what it has begun
 * after the operator has stopped waiting.
 *
 * @throws HAError HA_ERR_ORDER_TIMEOUT or HA_ERR_ORDER_UNREACHABLE; the signal's own reason if the signal ended the call.
 */
export async function orderOverGrpc(
  kind: OrderKind,
  order: Order,
  { host, port, timeoutMs, signal, headers = {} }: OrderTarget,
): Promise<OrderAnswer> {
  signal.throwIfAborted();
  const path = orderPath(kind);
  const what = `order ${kind} ${host.includes(':') ? `[${host}]` : host}:${port}${path}`;
  let connection: GrpcConnection | undefined;
  let stop = () => {};
  const late = AbortSignal.timeout(timeoutMs);
  const either = AbortSignal.any([signal, late]);
  try {
    const answer = await new Promise<GrpcAnswer | string>((resolve, reject) => {
      stop = () =>
        reject(
          signal.aborted
            ? (signal.reason as Error)
            : new HAError('HA_ERR_ORDER_TIMEOUT', `${what} took longer than ${timeoutMs}ms`),
        );
      either.addEventListener('abort', stop);
      const unreachable = (message: string) =>
        reject(new HAError('HA_ERR_ORDER_UNREACHABLE', `${what}: ${message}`));
      connection = openConnection(
        { host, port },
        {
          badAnswer: resolve,
          refused: unreachable,
          closed: unreachable,
          unreachable,
          fault: unreachable,
        },
      );
      const call = { path, metadata: headers, message: encodeOrder(kind, order) };
      connection.call(call, resolve);
    });
    return { what, result: read(answer) };
  } finally {
    either.removeEventListener('abort', stop);
    connection?.cut();
  }
}

function read(answer: GrpcAnswer | string): OrderAnswer['result'] {
  if (typeof answer === 'string') return answer;
  const { status, text, statusMessage, message, trailers } = answer;
  if (status === grpcStatus.ok) {
    const report = decodeReport(message);
    return typeof report === 'string' ? `no report: ${report}` : { report };
  }
  const rejection = status === grpcStatus.failedPrecondition ? rejectionIn(trailers) : undefined;
  return rejection === undefined ? text : { rejection, message: statusMessage };
}
