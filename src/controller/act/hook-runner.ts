import { isHAError } from '../../api/errors.ts';
import type { MemberReport, Order, OrderKind } from '../../protocol/member-protocol.ts';
import type { Clock } from '../../lib/clock.ts';
import type { HookState } from '../../core/model/observed.ts';
import type { RoleCommand } from '../../core/model/role-commands.ts';
import { callHook } from '../../member-client/hooks.ts';
import { sendOrder } from '../../member-client/orders.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { Log } from '../../telemetry/log.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';

/** Waits after a failure: the first, doubled after each, and the longest. Hooks run code of the user's. */
const retries = {
  hook: { firstMs: 500, lastMs: 30_000 },
  order: { firstMs: 200, lastMs: 5_000 },
};
/** An order that takes longer is answered with 202 by then, or not at all. */
const orderTimeoutMs = 10_000;

export interface CallPorts {
  /** Of a hook that names none. */
  hook: number;
  /** Of the agent, or of the program that speaks the member protocol. */
  order: number;
  /** Orders go over gRPC. */
  grpc: boolean;
}

export interface HookRunnerOptions {
  clock: Clock;
  /** A call has ended; look at the resource again. */
  onSettled: (key: string) => void;
  /** Is told the report that an order was answered with, and grants time to whom it is to promote. */
  monitor: Pick<HeartbeatMonitor, 'heard' | 'grant'>;
  metrics?: { hookCalled(action: OrderKind, result: string): void };
}

/** Calls hooks, and gives orders, beside the reconcile loop, so that one which hangs holds up nothing but its own member. */
export class HookRunner {
  readonly #options: HookRunnerOptions;

  constructor(options: HookRunnerOptions) {
    this.#options = options;
  }

  start(key: string, memory: ReconcileState, call: RoleCommand, ports: CallPorts, log: Log): void {
    const { clock, onSettled, monitor, metrics } = this.#options;
    const { action, member, epoch, generation, reason } = call;
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
    const { firstMs, lastMs } = call.hook === undefined ? retries.order : retries.hook;
    this.#send(key, memory, call, ports).then(
      (report) => {
        if (memory.stop.signal.aborted) return;
        if (report !== undefined) monitor.heard(key, member.uid, report);
        metrics?.hookCalled(action, 'ok');
        log.info(fields, 'the member was told its role');
        settle({ ...base, state: 'Done', failures: 0, message: '', retryAtMs: 0 });
      },
      (error: unknown) => {
        if (memory.stop.signal.aborted) return;
        metrics?.hookCalled(action, isHAError(error) ? error.code : 'error');
        log.warn({ ...fields, error }, 'the member could not be told its role');
        const backoff = Math.min(lastMs, firstMs * 2 ** call.failures);
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

  async #send(
    key: string,
    memory: ReconcileState,
    { action, member, hook, order, epoch, reason }: RoleCommand,
    ports: CallPorts,
  ): Promise<MemberReport | undefined> {
    const { signal } = memory.stop;
    const host = member.ip ?? '';
    if (hook !== undefined) {
      const call = { action, member: member.name, epoch, reason };
      await callHook(hook, host, ports.hook, call, { signal });
      return undefined;
    }
    const target = {
      host,
      port: ports.order,
      grpc: ports.grpc,
      timeoutMs: orderTimeoutMs,
      signal,
      headers: action === 'promote' ? this.#options.monitor.grant(key, member.uid) : {},
    };
    const body = { member: member.name, uid: member.uid, epoch, reason, ...order };
    return sendOrder(action, body as Order, target);
  }
}
