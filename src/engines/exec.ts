import type * as z from 'zod';
import { durationMs } from '../api/duration.ts';
import type { EngineSpec } from '../api/engine-spec.ts';
import { HAError, isHAError } from '../api/errors.ts';
import { type Order, memberReportSchema } from '../protocol/member-protocol.ts';
import { runCommand } from './command.ts';
import type { EngineContext } from './engine-context.ts';
import { type LastRoleCommand, roleOf } from './last-role-command.ts';
import type { Ending, EngineReport, ManagedEngine } from './managed-engine.ts';
import { SupervisedProcess } from './supervised-process.ts';

type ExecSpec = NonNullable<EngineSpec['exec']>;

const printedSchema = memberReportSchema
  .omit({ uid: true, epoch: true, ledEpoch: true, nonce: true })
  .partial();

/**
 * A user's program that is managed by the user's commands, which run beside it: engine.exec, docs/engines.md. A command that is
 * not configured counts as done. Without `fence`, or if it fails, the program is ended and started again: then it surely takes
 * no writes, provided that it starts as one that follows no leader and takes none.
 */
export class ExecEngine implements ManagedEngine {
  readonly ended: Promise<Ending>;
  readonly #context: EngineContext;
  readonly #exec: ExecSpec;
  readonly #process: SupervisedProcess;
  #lastCommand: LastRoleCommand = { kind: 'none' };

  constructor(context: EngineContext) {
    const { engine, command } = context.config;
    if (engine.exec === undefined) {
      throw new HAError('HA_ERR_AGENT_CONFIG', 'engine.exec is missing');
    }
    this.#context = context;
    this.#exec = engine.exec;
    this.#process = new SupervisedProcess(command, { env: context.env });
    this.ended = this.#process.ended;
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  async start(): Promise<void> {
    await this.#process.start();
  }

  /** Asks again if the status command does not end in time: the program has not answered then. */
  async report(signal: AbortSignal): Promise<EngineReport> {
    for (;;) {
      try {
        const printed = await this.#run(this.#exec.status, {}, signal);
        const { state, ...report } = parseReport(printed);
        const role = roleOf(this.#lastCommand);
        return definedOf({ ...(state === undefined ? role : { state }), ...report });
      } catch (error) {
        if (!isHAError(error, 'HA_ERR_COMMAND_TIMEOUT')) throw error;
      }
    }
  }

  async promote(order: Order<'promote'>, signal: AbortSignal): Promise<void> {
    await this.#process.start();
    this.#lastCommand = { kind: 'promote', order };
    await this.#run(this.#exec.promote, this.#variables(order), signal);
  }

  async follow(order: Order<'follow'>, signal: AbortSignal): Promise<void> {
    // Without a follow command, only a program that has not led surely takes no writes.
    if (this.#exec.follow === undefined && this.#lastCommand.kind === 'promote') {
      await this.fence(signal, order);
    }
    await this.#process.start();
    this.#lastCommand = { kind: 'follow', order };
    const { member, host, port } = order.leader;
    const leader = {
      HASERVICE_LEADER_NAME: member,
      HASERVICE_LEADER_HOST: host,
      HASERVICE_LEADER_PORT: String(port),
      ...(order.start === undefined ? {} : { HASERVICE_START: String(order.start) }),
      ...(order.history === undefined ? {} : { HASERVICE_HISTORY: order.history }),
    };
    await this.#run(this.#exec.follow, { ...this.#variables(order), ...leader }, signal);
  }

  async fence(signal: AbortSignal, order: Order<'fence'>): Promise<void> {
    const { fence } = this.#exec;
    if (fence !== undefined) {
      try {
        await this.#run(fence, this.#variables(order), signal);
        this.#lastCommand = { kind: 'none' };
        return;
      } catch (error) {
        signal.throwIfAborted();
        this.#context.log.warn({ error }, 'the fence command failed: ending the program instead');
      }
    } else if (this.#lastCommand.kind === 'none') {
      return;
    }
    await this.#process.end(signal);
    this.#lastCommand = { kind: 'none' };
    await this.#process.start();
  }

  async stop(signal: AbortSignal): Promise<void> {
    await this.#process.stop(signal);
  }

  kill(): void {
    this.#process.kill();
  }

  #variables(order: Order): NodeJS.ProcessEnv {
    const { sync, init } = order as Partial<Order<'promote'>>;
    return {
      HASERVICE_EPOCH: String(order.epoch),
      ...(sync === undefined ? {} : { HASERVICE_SYNC: JSON.stringify(sync) }),
      ...(init === true ? { HASERVICE_INIT: 'true' } : {}),
    };
  }

  async #run(
    command: readonly string[] | undefined,
    variables: NodeJS.ProcessEnv,
    signal: AbortSignal,
  ): Promise<string> {
    if (command === undefined) return '';
    return runCommand(command, {
      env: { ...this.#context.env, ...variables },
      timeoutMs: durationMs(this.#exec.timeout),
      signal,
    });
  }
}

/** @throws HAError HA_ERR_COMMAND_OUTPUT if the text is not the report of docs/engines.md. */
function parseReport(printed: string): z.output<typeof printedSchema> {
  if (printed.trim() === '') return {};
  let json: unknown;
  try {
    json = JSON.parse(printed);
  } catch {
    const start = JSON.stringify(printed.slice(0, 80));
    throw new HAError('HA_ERR_COMMAND_OUTPUT', `the status command printed ${start}, not JSON`);
  }
  const parsed = printedSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HAError(
    'HA_ERR_COMMAND_OUTPUT',
    `the status command's report: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

/** Without the fields that are undefined: a report leaves out what is unknown. */
function definedOf(report: { [K in keyof EngineReport]: EngineReport[K] | undefined }) {
  return Object.fromEntries(
    Object.entries(report).filter(([, value]) => value !== undefined),
  ) as unknown as EngineReport;
}
