import type { Order } from '../protocol/member-protocol.ts';
import { HAError } from '../api/errors.ts';
import type { Probe, ProbeEvent } from '../member-client/probe.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import { callHook } from '../member-client/hooks.ts';
import { type LastRoleCommand, roleOf } from '../engines/last-role-command.ts';
import type { Ending, EngineReport, ManagedEngine } from '../engines/managed-engine.ts';
import { healthCheckConnection } from '../member-client/health-check-connection.ts';
import { ReconnectingProbe } from '../member-client/reconnecting-probe.ts';
import { SupervisedProcess } from '../engines/supervised-process.ts';

/**
 * A program that knows of roles only by its hooks, and is checked over TCP, HTTP or gRPC. The Services decide which member gets
 * requests; only ending the program makes sure that it takes no writes. So a fence ends a program that was promoted and starts
 * it again, as a standby; a program that was not promoted is left running.
 */
export class UnmanagedEngine implements ManagedEngine {
  readonly ended: Promise<Ending>;
  readonly #context: EngineContext;
  readonly #process: SupervisedProcess;
  #lastCommand: LastRoleCommand = { kind: 'none' };
  #probe: Probe | undefined;
  #onEvent: ((event: ProbeEvent) => void) | undefined;
  /** Whether the program has answered since its start. */
  #isUp = false;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#process = new SupervisedProcess(context.config.command, { env: context.env });
    this.ended = this.#process.ended;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async start(): Promise<void> {
    await this.#process.start();
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const event = await this.#ask(signal);
    if (event.type === 'answer') {
      this.#isUp = true;
      return roleOf(this.#lastCommand);
    }
    if (!this.#isUp && this.#lastCommand.kind !== 'promote') return { state: 'Starting' };
    if (event.type === 'badAnswer') throw new HAError('HA_ERR_PROBE_ANSWER', event.message);
    throw new HAError('HA_ERR_PROBE_REFUSED', event.message);
  }

  async promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    await this.#process.start();
    this.#lastCommand = { kind: 'promote', order };
    await this.#hook('promote', order, signal);
  }

  async follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    if (this.#lastCommand.kind === 'promote') await this.fence(signal);
    await this.#process.start();
    this.#lastCommand = { kind: 'follow', order };
    await this.#hook('demote', order, signal);
  }

  async fence(signal: AbortSignal): Promise<void> {
    if (this.#lastCommand.kind === 'promote') {
      await this.#process.end(signal);
      this.#isUp = false;
      await this.#process.start();
    }
    this.#lastCommand = { kind: 'none' };
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#process.stop(signal);
  }

  kill(): void {
    this.#process.kill();
  }

  async #hook(action: 'promote' | 'demote', order: Order, signal: AbortSignal): Promise<void> {
    const { config, pod } = this.#context;
    const hook = config.engine[action];
    if (hook === undefined) return;
    const { epoch, reason } = order;
    const call = { action, member: pod.name, epoch, reason };
    await callHook(hook, pod.ip, config.port, call, { signal });
  }

  /** One beat of the probe, and the event that follows. The probe itself reopens a connection that was closed. */
  async #ask(signal: AbortSignal): Promise<ProbeEvent> {
    signal.throwIfAborted();
    const { config, pod, clock } = this.#context;
    const { engine, port } = config;
    const target = { host: pod.ip, port, engine };
    const probe = (this.#probe ??= new ReconnectingProbe(
      (events) => healthCheckConnection(target, clock, events),
      clock,
      (event) => this.#onEvent?.(event),
    ));
    return new Promise((resolve, reject) => {
      const aborted = () => {
        this.#onEvent = undefined;
        reject(signal.reason as Error);
      };
      signal.addEventListener('abort', aborted, { once: true });
      this.#onEvent = (event) => {
        if (event.type === 'closed') return;
        this.#onEvent = undefined;
        signal.removeEventListener('abort', aborted);
        resolve(event);
      };
      probe.beat();
    });
  }
}
