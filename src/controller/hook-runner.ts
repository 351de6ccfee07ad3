import { isHAError } from '../api/errors.ts';
import type { Clock } from '../core/clock.ts';
import type { HookState } from '../core/observed.ts';
import type { HookCall } from '../core/calls.ts';
import { callHook } from '../engines/hooks.ts';
import type { Log } from '../telemetry/log.ts';
import type { Memory } from './memory.ts';

const firstRetryMs = 500;
const lastRetryMs = 30_000;

export interface HookRunnerOptions {
  clock: Clock;
  /** A hook has ended; look at the resource again. */
  onSettled: (key: string) => void;
  metrics?: { hookCalled(action: 'promote' | 'demote', result: string): void };
}

/** Calls hooks beside the reconcile loop, so that one which hangs holds up nothing but its own member. */
export class HookRunner {
  readonly #options: HookRunnerOptions;

  constructor(options: HookRunnerOptions) {
    this.#options = options;
  }

  start(key: string, memory: Memory, call: HookCall, port: number, log: Log): void {
    const { clock, onSettled, metrics } = this.#options;
    const { action, member, hook, epoch, generation, reason } = call;
    const base = {
      action,
      uid: member.uid,
      generation,
      epoch,
      calledAtMs: clock.wallNow(),
    };
    const id = `${member.uid}/${action}`;
    const settle = (state: HookState) => {
      // A later call for this member has taken over.
      if (memory.hooks.get(id) !== running) return;
      memory.hooks.set(id, state);
      onSettled(key);
    };
    const running: HookState = {
      ...base,
      state: 'Running',
      failures: call.failures,
      message: call.message,
      retryAtMs: 0,
    };
    memory.hooks.set(id, running);
    const fields = { pod: member.name, epoch, reason, hook: action };
    callHook(
      hook,
      member.ip ?? '',
      port,
      { action, member: member.name, epoch, reason },
      { signal: memory.stop.signal },
    ).then(
      () => {
        metrics?.hookCalled(action, 'ok');
        log.info(fields, 'the member was told its role');
        settle({ ...base, state: 'Done', failures: 0, message: '', retryAtMs: 0 });
      },
      (error: unknown) => {
        if (memory.stop.signal.aborted) return;
        metrics?.hookCalled(action, isHAError(error) ? error.code : 'error');
        log.warn({ ...fields, error }, 'the member could not be told its role');
        const backoff = Math.min(lastRetryMs, firstRetryMs * 2 ** call.failures);
        settle({
          ...base,
          state: 'Failed',
          failures: call.failures + 1,
          message: error instanceof Error ? error.message : String(error),
          retryAtMs: clock.wallNow() + backoff,
        });
      },
    );
  }
}
