import { randomBytes } from 'node:crypto';
import { constants } from 'node:os';
import type { Clock } from '../lib/clock.ts';
import type { Ending, ManagedEngine } from '../engines/managed-engine.ts';
import type { Log } from '../lib/log.ts';
import type { Watchdog } from './watchdog.ts';
import { Lease } from './lease.ts';
import { MemberRoutes } from './member-routes.ts';
import { CommandQueue } from './command-queue.ts';
import type { Acknowledged } from './epoch-check.ts';
import type { PasswordFile } from './password-file.ts';
import { stopMsOf } from './stop-time.ts';
import { startServer } from './server.ts';
import type { EpochStore } from './epoch-store.ts';

export interface AgentOptions {
  pod: { name: string; uid: string | undefined };
  port: number;
  host?: string;
  engine: ManagedEngine;
  /** The program is started once there is a password; undefined if the program needs none. */
  password?: PasswordFile | undefined;
  /** Milliseconds; undefined if a leader needs no lease. */
  leaseMs: number | undefined;
  /** See CommandQueue. */
  leadsOnce: boolean;
  epochStore: EpochStore;
  acknowledged: Acknowledged;
  clock: Clock;
  log: Log;
  watchdog?: Pick<Watchdog, 'watch'> | undefined;
  /** Grace period of the pod; undefined: not known. */
  graceSeconds?: number | undefined;
  /** Ends the process of the agent at once. */
  exit: (code: number) => void;
}

export interface Agent {
  port: number;
  /** Ends the program in order, then the process of the agent. */
  stop(reason: string): Promise<void>;
}

/**
 * As the program ended, by the rule of shells: Kubernetes shows the exit code of the agent as that of the container. 137 tells
 * that somebody else has killed the program: the kernel, if the memory limit is too low. Never 0: nobody has asked for the end.
 */
const exitCodeOf = ({ code, signal }: Ending): number => {
  if (signal !== null) return 128 + constants.signals[signal];
  return code === 0 ? 1 : (code ?? 1);
};

const describeEnding = ({ signal }: Ending): string =>
  signal === 'SIGKILL'
    ? 'the program was killed by SIGKILL, which this process has not sent: see whether the memory limit of the container is too low'
    : 'the program has ended';

/**
 * Starts the program and serves the member protocol. The program takes no writes and follows no leader until an order says so.
 * The process of the agent ends if the program ends or the lease is over. It then resets all connections, so that the operator
 * learns of it at once.
 *
 * @throws the error of `listen`, such as EADDRINUSE.
 */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { pod, engine, password, leaseMs, clock, log, watchdog } = options;
  let isStarted = false;
  let isEnding = false;
  let reset = () => {};

  const terminate = (fields: object, message: string, code = 1) => {
    if (isEnding) return;
    isEnding = true;
    engine.kill();
    reset();
    log.error(fields, message);
    options.exit(code);
  };

  const lease = new Lease({
    clock,
    maxMs: leaseMs ?? 0,
    run: randomBytes(8).toString('hex'),
    onOver: () =>
      terminate(
        { leaseMs },
        'the lease is over, the operator has not renewed it: killing the program',
      ),
    onChange: (end) => watchdog?.watch(end, engine.pid),
  });
  const stopping = new AbortController();
  const start = async (signal: AbortSignal) => {
    await password?.wait(signal);
    void password?.watch(signal);
    await engine.start(signal);
  };
  const started = start(stopping.signal);
  const queue = new CommandQueue({
    self: { ...pod, isOwn: (nonce) => lease.isOwn(nonce) },
    acknowledged: options.acknowledged,
    leadsOnce: options.leadsOnce,
    epochStore: options.epochStore,
    engine,
    started,
    lease: leaseMs === undefined ? undefined : lease,
    clock,
    log,
    onChange: () => member.renew(),
    onStuck: () => terminate({}, 'an aborted order does not end within 5 s: killing the program'),
  });
  const member = new MemberRoutes({
    uid: pod.uid,
    engine,
    queue,
    lease,
    clock,
    isStarted: () => isStarted,
    password,
    onUnordered: () => {
      log.error({}, 'the program takes writes, but was not promoted');
      if (leaseMs !== undefined)
        terminate({}, 'a program without a lease takes writes: killing it');
    },
  });

  void engine.ended.then((ending) =>
    terminate({ ...ending }, describeEnding(ending), exitCodeOf(ending)),
  );
  started.then(
    () => {
      isStarted = true;
      member.renew();
      log.info({ pid: engine.pid }, 'the program has started');
    },
    (error: unknown) => terminate({ error }, 'the program cannot be started'),
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
      await queue.close();
      await engine.stop(AbortSignal.timeout(stopMsOf(options.graceSeconds)));
      if (isEnding) return;
      isEnding = true;
      reset();
      log.info({}, 'the program has ended in order');
      options.exit(0);
    },
  };
}
