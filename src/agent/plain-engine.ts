import type { Order } from '../protocol/member-protocol.ts';
import { HAError } from '../api/errors.ts';
import type { Probe, ProbeEvent } from '../member-client/engine.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import { callHook } from '../member-client/hooks.ts';
import { type LastRoleCommand, roleOf } from '../engines/last-role-command.ts';
import type { Ending, EngineReport, ManagedEngine } from '../engines/managed-engine.ts';
import { plainConnection } from '../member-client/plain-connection.ts';
import { LineProbe } from '../member-client/probe.ts';
import { SupervisedProcess } from '../engines/supervised-process.ts';

/**
 * A program that knows nothing of roles but its hooks, asked over TCP, HTTP or gRPC. The Services say who gets requests; that it
 * takes no writes can be made sure only by ending it. So fence ends one that was promoted and starts it again, as a standby;
 * one that was not is left as it is.
 */
export class PlainEngine implements ManagedEngine {
  readonly ended: Promise<Ending>;
  readonly #context: EngineContext;
  readonly #program: SupervisedProcess;
  #last: LastRoleCommand = { kind: 'none' };
  #probe: Probe | undefined;
  #onEvent: ((event: ProbeEvent) => void) | undefined;
  /** Whether the program has answered since it was started. */
  #isUp = false;

  constructor(context: EngineContext) {
    this.#context = context;
    this.#program = new SupervisedProcess(context.config.command, { env: context.env });
    this.ended = this.#program.ended;
  }

  get pid(): number | undefined {
    return this.#program.pid;
  }

  async start(): Promise<void> {
    await this.#program.start();
  }

  async report(signal: AbortSignal): Promise<EngineReport> {
    const event = await this.#ask(signal);
    if (event.type === 'answer') {
      this.#isUp = true;
      return roleOf(this.#last);
    }
    if (!this.#isUp && this.#last.kind !== 'promote') return { state: 'Starting' };
    if (event.type === 'badAnswer') throw new HAError('HA_ERR_PROBE_ANSWER', event.message);
    throw new HAError('HA_ERR_PROBE_REFUSED', event.message);
  }

  async promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    await this.#program.start();
    this.#last = { kind: 'promote', order };
    await this.#hook('promote', order, signal);
  }

  async follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    if (this.#last.kind === 'promote') await this.fence(signal);
    await this.#program.start();
    this.#last = { kind: 'follow', order };
    await this.#hook('demote', order, signal);
  }

  async fence(signal: AbortSignal): Promise<void> {
    if (this.#last.kind === 'promote') {
      await this.#program.end(signal);
      this.#isUp = false;
      await this.#program.start();
    }
    this.#last = { kind: 'none' };
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#program.stop(signal);
  }

  kill(): void {
    this.#program.kill();
  }

  async #hook(action: 'promote' | 'demote', order: Order, signal: AbortSignal): Promise<void> {
    const { config, pod } = this.#context;
    const hook = config.engine[action];
    if (hook === undefined) return;
    const { epoch, reason } = order;
    const call = { action, member: pod.name, epoch, reason };
    await callHook(hook, pod.ip, config.port, call, { signal });
  }

  /** One beat of the probe, and what comes of it. A connection that was closed is opened anew by the probe itself. */
  async #ask(signal: AbortSignal): Promise<ProbeEvent> {
    signal.throwIfAborted();
    const { config, pod, clock } = this.#context;
    const { engine, port } = config;
    const target = { host: pod.ip, port, engine };
    const probe = (this.#probe ??= new LineProbe(
      (events) => plainConnection(target, clock, events),
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
