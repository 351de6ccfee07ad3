import { isHAError } from '../../api/errors.ts';
import type { RoleCommandState, RoleCommandKind } from '../../core/model/observed.ts';
import type { RoleCommand } from '../../core/model/role-commands.ts';
import type { HeartbeatMonitor } from '../../heartbeat/monitor.ts';
import type { Clock } from '../../lib/clock.ts';
import type { Order } from '../../protocol/member-protocol.ts';
import { orderTimeoutMs } from '../../protocol/order-times.ts';
import type { Log } from '../../lib/log.ts';
import type { ReconcileState } from '../state/reconcile-state.ts';
import type { OutgoingRoleCommand, SendRoleCommand } from './send-role-command.ts';

/** Waits after a failure: the first wait is doubled after each failure, up to the last. Hooks run the user's code, so they wait longer. */
const retries = {
  hook: { firstMs: 500, lastMs: 30_000 },
  order: { firstMs: 200, lastMs: 5_000 },
};

export interface RoleCommandPorts {
  /** Of a hook that names no port. */
  hook: number;
  /** Of the agent, or of the program that speaks the member protocol. */
  order: number;
  /** Orders go over gRPC. */
  grpc: boolean;
}

export interface RoleCommandRunnerOptions {
  clock: Clock;
  send: SendRoleCommand;
  /** A role command has ended: reconcile the resource again. */
  onEnd: (key: string) => void;
  /** Receives the report that answers an order, and grants a lease to the member that is to be promoted. */
  monitor: Pick<HeartbeatMonitor, 'reported' | 'grant'>;
  metrics?: { hookCalled(action: RoleCommandKind, result: string): void };
}

/** Calls hooks and gives orders outside of the reconcile loop, so that one that hangs delays its own member alone. */
export class RoleCommandRunner {
  readonly #options: RoleCommandRunnerOptions;

  constructor(options: RoleCommandRunnerOptions) {
    this.#options = options;
  }

  /**
   * Starts one role command and returns at once; its state is in `reconcileState.roleCommands` from then on. A reconcile calls
   * this for each role command of a decision, and the next decision sees how far the command is. A later command for the same
   * member and action replaces this one. Never throws: a failure becomes the state Failed.
   */
  start(
    key: string,
    reconcileState: ReconcileState,
    call: RoleCommand,
    ports: RoleCommandPorts,
    log: Log,
  ): void {
    const { clock, send, onEnd, monitor, metrics } = this.#options;
    const { action, member, epoch, generation, reason, failures } = call;
    const { uid } = member;
    const { history } = call.order ?? {};
    const base = {
      ...{ action, uid, generation, epoch, calledAtMs: clock.wallNow() },
      ...(history === undefined ? {} : { history }),
    };
    const id = `${uid}/${action}`;
    const last = failures > 0 ? reconcileState.roleCommands.get(id) : undefined;
    const isLate = last?.isLate === true;
    const running: RoleCommandState = {
      ...base,
      ...(isLate ? { isLate } : {}),
      ...(last?.failsSinceMs === undefined ? {} : { failsSinceMs: last.failsSinceMs }),
      state: 'Running',
      failures,
      message: call.message,
      retryAtMs: 0,
    };
    reconcileState.roleCommands.set(id, running);
    const fields = { pod: member.name, epoch, reason, hook: action };
    const { firstMs, lastMs } = call.hook === undefined ? retries.order : retries.hook;
    const { signal } = reconcileState.stop;
    send(this.#outgoing(key, call, ports), signal, (end) => {
      if (signal.aborted) return;
      let state: RoleCommandState;
      if ('error' in end) {
        const { error } = end;
        metrics?.hookCalled(action, isHAError(error) ? error.code : 'error');
        log.warn({ ...fields, error }, 'the role command failed');
        state = {
          ...base,
          state: 'Failed',
          failures: failures + 1,
          failsSinceMs: running.failsSinceMs ?? running.calledAtMs,
          message: error instanceof Error ? error.message : String(error),
          ...(isHAError(error, 'HA_ERR_ORDER_TIMEOUT') ? { isLate: true } : {}),
          retryAtMs: clock.wallNow() + Math.min(lastMs, firstMs * 2 ** failures),
        };
      } else {
        if (end.report !== undefined) monitor.reported(key, uid, end.report);
        metrics?.hookCalled(action, 'ok');
        log.info(fields, 'the member has acknowledged its role');
        state = { ...base, state: 'Done', failures: 0, message: '', retryAtMs: 0 };
      }
      // A later command for this member has replaced this one.
      if (reconcileState.roleCommands.get(id) !== running) return;
      reconcileState.roleCommands.set(id, state);
      onEnd(key);
    });
  }

  #outgoing(key: string, command: RoleCommand, ports: RoleCommandPorts): OutgoingRoleCommand {
    const { member, epoch, reason } = command;
    const { name, uid, ip: host = '' } = member;
    if (command.hook !== undefined) {
      const call = { action: command.action, member: name, epoch, reason };
      return { hook: command.hook, host, defaultPort: ports.hook, call };
    }
    const { action, order } = command;
    return {
      kind: action,
      order: { member: name, uid, epoch, reason, ...order } as Order,
      target: {
        host,
        port: ports.order,
        grpc: ports.grpc,
        timeoutMs: orderTimeoutMs,
        headers: action === 'promote' ? this.#options.monitor.grant(key, uid) : {},
      },
    };
  }
}
