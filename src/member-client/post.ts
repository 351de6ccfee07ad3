import { Client, type Dispatcher } from 'undici';
import { durationMs } from '../api/duration.ts';
import { type ErrorCode, HAError } from '../api/errors.ts';
import { timeLimit } from '../lib/time-limit.ts';
import { maxAnswerBytes } from '../protocol/member-protocol.ts';

export interface PostRequest {
  host: string;
  port: number;
  path: string;
  /** In addition to the content type. */
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body: unknown;
  /** A duration, from the start to the last byte of the answer. */
  timeout: string;
  /** Name of the call, for messages: `promote hook`. */
  what: string;
  errors: { timeout: ErrorCode; tooLarge: ErrorCode; unreachable: ErrorCode };
}

export interface PostAnswer {
  status: number;
  text: string;
  /** Name and address of the call, for messages: `promote hook http://10.0.0.1:80/promote`. */
  what: string;
}

/**
 * One POST over a connection of its own. Redirects are not followed; an answer may have 64 KiB at most.
 *
 * @throws HAError with one of `errors`; the signal's own reason if the signal ended the call.
 */
export async function post(request: PostRequest, signal: AbortSignal): Promise<PostAnswer> {
  const { host, port, path, timeout, errors } = request;
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${port}`;
  const what = `${request.what} ${origin}${path}`;
  const deadline = timeLimit(durationMs(timeout));
  const client = new Client(origin, { pipelining: 0, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const { status, text } = await exchange(client, {
      method: 'POST',
      path,
      headers: { 'content-type': 'application/json', ...request.headers },
      body: JSON.stringify(request.body),
      signal: AbortSignal.any([signal, deadline]),
    });
    if (text !== undefined) return { status, text, what };
    throw new HAError(errors.tooLarge, `${what} answered ${status} and a long text`, { status });
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof HAError) throw error;
    if (deadline.aborted) {
      throw new HAError(errors.timeout, `${what} took longer than ${timeout}`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new HAError(errors.unreachable, `${what}: ${reason}`, { cause: error });
  } finally {
    // Not close(): that would wait for the rest of an answer that is no longer needed.
    void client.destroy();
  }
}

/** `text` is undefined if the answer is too long. */
async function exchange(client: Client, request: Dispatcher.RequestOptions) {
  const { statusCode: status, body } = await client.request(request);
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) return { status, text: undefined };
    chunks.push(chunk);
  }
  return { status, text: Buffer.concat(chunks).toString() };
}
