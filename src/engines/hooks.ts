import { Client, type Dispatcher } from 'undici';
import { durationMs } from '../api/duration.ts';
import { HAError } from '../api/errors.ts';
import type { HookSpec } from '../api/engine-spec.ts';
import { maxAnswerBytes } from './line.ts';

export interface HookCall {
  action: 'promote' | 'demote';
  /** Name of the pod. */
  member: string;
  epoch: number;
  reason: string;
}

/** How much of a failed hook's answer goes into the error. */
const quotedBytes = 200;

/**
 * Tells a member its role: POST with a JSON body and the header HAService-Epoch, over a connection of its own. Any 2xx
 * with at most 64 KiB is success; redirects are not followed. The hook's timeout holds from the start to the last byte.
 *
 * @throws HAError HA_ERR_HOOK_STATUS, HA_ERR_HOOK_TIMEOUT, HA_ERR_HOOK_TOO_LARGE or HA_ERR_HOOK_UNREACHABLE; the
 *   signal's own reason where that ended it.
 */
export async function callHook(
  hook: HookSpec,
  host: string,
  defaultPort: number,
  call: HookCall,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const origin = `http://${host.includes(':') ? `[${host}]` : host}:${hook.port ?? defaultPort}`;
  const what = `${call.action} hook ${origin}${hook.path}`;
  const deadline = AbortSignal.timeout(durationMs(hook.timeout));
  const client = new Client(origin, { pipelining: 0, headersTimeout: 0, bodyTimeout: 0 });
  try {
    const { statusCode, text } = await exchange(
      client,
      {
        method: 'POST',
        path: hook.path,
        headers: { 'content-type': 'application/json', 'haservice-epoch': String(call.epoch) },
        body: JSON.stringify(call),
        signal: AbortSignal.any([signal, deadline]),
      },
      what,
    );
    if (statusCode < 200 || statusCode > 299) {
      const quote = text === '' ? '' : ` ${JSON.stringify(text)}`;
      throw new HAError('HA_ERR_HOOK_STATUS', `${what} answered ${statusCode}${quote}`, {
        status: statusCode,
      });
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof HAError) throw error;
    if (deadline.aborted) {
      throw new HAError('HA_ERR_HOOK_TIMEOUT', `${what} took longer than ${hook.timeout}`);
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new HAError('HA_ERR_HOOK_UNREACHABLE', `${what}: ${reason}`, { cause: error });
  } finally {
    // Not close(): that would wait for the rest of an answer which is not wanted any more.
    void client.destroy();
  }
}

async function exchange(client: Client, request: Dispatcher.RequestOptions, what: string) {
  const { statusCode, body } = await client.request(request);
  let bytes = 0;
  let text = '';
  for await (const chunk of body as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > maxAnswerBytes) {
      throw new HAError('HA_ERR_HOOK_TOO_LARGE', `${what} answered ${statusCode} and a long text`);
    }
    if (text.length < quotedBytes) text += chunk.toString('utf8', 0, quotedBytes);
  }
  return { statusCode, text: text.slice(0, quotedBytes) };
}
