import { HAError } from '../api/errors.ts';
import type { HookKind, HookSpec } from '../api/engine-spec.ts';
import { post } from './post.ts';

export interface HookCall {
  action: HookKind;
  /** Name of the pod. */
  member: string;
  epoch: number;
  reason: string;
}

/** How much of a failed hook's answer the error quotes. */
const quotedLength = 200;

/**
 * Tells a member its role: POST with a JSON body and the header HAService-Epoch, over a connection of its own. Any 2xx
 * with at most 64 KiB is success; redirects are not followed. The hook's timeout is the limit from the start to the last byte.
 *
 * Called by the hook runner of the operator, and by the agent's UnmanagedEngine, once per change of role and again after an
 * error. A member may get the same call twice: an error says nothing about whether the member acted.
 *
 * @throws HAError HA_ERR_HOOK_STATUS, HA_ERR_HOOK_TIMEOUT, HA_ERR_HOOK_TOO_LARGE or HA_ERR_HOOK_UNREACHABLE; the
 *   signal's own reason if the signal ended the call.
 */
export async function callHook(
  hook: HookSpec,
  host: string,
  defaultPort: number,
  call: HookCall,
  { signal }: { signal: AbortSignal },
): Promise<void> {
  const { status, text, what } = await post(
    {
      host,
      port: hook.port ?? defaultPort,
      path: hook.path,
      headers: { 'haservice-epoch': String(call.epoch) },
      body: call,
      timeout: hook.timeout,
      what: `${call.action} hook`,
      errors: {
        timeout: 'HA_ERR_HOOK_TIMEOUT',
        tooLarge: 'HA_ERR_HOOK_TOO_LARGE',
        unreachable: 'HA_ERR_HOOK_UNREACHABLE',
      },
    },
    signal,
  );
  if (status >= 200 && status <= 299) return;
  // A page for a browser says less than the status.
  const words = /^\s*</.test(text) ? '' : text.replace(/\s+/g, ' ').trim();
  const quote = words === '' ? '' : ` ${JSON.stringify(words.slice(0, quotedLength))}`;
  throw new HAError('HA_ERR_HOOK_STATUS', `${what} answered ${status}${quote}`, { status });
}
