import { randomBytes } from 'node:crypto';
import type { Clock } from '../lib/clock.ts';
import type { ManagedEngine } from '../engines/managed-engine.ts';
import type { Log } from '../telemetry/log.ts';
import type { Watchdog } from './watchdog.ts';
import { Lease } from './lease.ts';
import { Member } from './member.ts';
import { CommandQueue } from './command-queue.ts';
import type { Acknowledged } from './epoch-check.ts';
import { startServer } from './server.ts';
import type { EpochStore } from './epoch-store.ts';

export interface AgentOptions {
  pod: { name: string; uid: string | undefined };
  port: number;
  host?: string;
  engine: ManagedEngine;
  /** Milliseconds; undefined where a leader needs no lease. */
  leaseMs: number | undefined;
  /** See CommandQueue. */
  leadsOnce: boolean;
  keep: EpochStore;
  acknowledged: Acknowledged;
  clock: Clock;
  log: Log;
  guard?: Pick<Watchdog, 'watch'> | undefined;
  /** Ends the process at once. */
  exit: (code: number) => void;
}

export interface Agent {
  port: number;
  /** Ends the program in order, then the process. */
  stop(reason: string): Promise<void>;
}

/** Milliseconds that the program has to end in order: less than the kubelet's grace period, for its own sake. */
const stopMs = 8_000;

/**
 * Starts the program and serves the member protocol. The program takes no writes and follows nobody until it is told to.
 * The process ends when the program does, or when its lease is over; then all connections are reset, so that the operator
 * knows at once.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { pod, engine, leaseMs, clock, log, guard } = options;
  let isStarted = false;
  let isEnding = false;
  let reset = () => {};

  const die = (fields: object, message: string) => {
    if (isEnding) return;
    isEnding = true;
    engine.kill();
    reset();
    log.error(fields, message);
    options.exit(1);
  };

  const lease = new Lease({
    clock,
    maxMs: leaseMs ?? 0,
    run: randomBytes(8).toString('hex'),
    onOver: () => die({ leaseMs }, 'the operator has granted no more time: the program is ended'),
    onChange: (end) => guard?.watch(end, engine.pid),
  });
  const stopping = new AbortController();
  const started = engine.start(stopping.signal);
  const desk = new CommandQueue({
    self: { ...pod, isOwn: (nonce) => lease.isOwn(nonce) },
    acknowledged: options.acknowledged,
    leadsOnce: options.leadsOnce,
    keep: options.keep,
    engine,
    started,
    lease: leaseMs === undefined ? undefined : lease,
    clock,
    log,
    onChange: () => member.renew(),
    onStuck: () => die({}, 'an order that was aborted does not end: the program is ended'),
  });
  const member = new Member({
    uid: pod.uid,
    engine,
    desk,
    lease,
    clock,
    isStarted: () => isStarted,
    onUnordered: () => {
      log.error({}, 'the program takes writes although nobody has promoted it');
      if (leaseMs !== undefined) die({}, 'it has no lease: the program is ended');
    },
  });

  void engine.ended.then((ending) => die({ ...ending }, 'the program has ended'));
  started.then(
    () => {
      isStarted = true;
      member.renew();
      log.info({ pid: engine.pid }, 'the program has started');
    },
    (error: unknown) => die({ error }, 'the program cannot be started'),
  );
  const { port, host } = options;
  const server = await startServer({
    routes: member,
    port,
    ...(host === undefined ? {} : { host }),
  });
  reset = () => server.reset();
  log.info({ port: server.port, ...options.acknowledged }, 'the agent has started');

  return {
    port: server.port,
    stop: async (reason) => {
      if (isEnding) return;
      log.info({ reason }, 'stopping');
      stopping.abort();
      await desk.close();
      await engine.stop(AbortSignal.timeout(stopMs));
      if (isEnding) return;
      isEnding = true;
      reset();
      log.info({}, 'the program has ended as it was asked to');
      options.exit(0);
    },
  };
}
