import { HAError } from '../api/errors.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { createLog } from '../telemetry/log.ts';
import { startAgent } from './agent.ts';
import { createEngine, passwordCheck } from './create-engine.ts';
import { Watchdog } from './watchdog.ts';
import { install } from './install.ts';
import { fixedPassword } from '../engines/engine-context.ts';
import { PasswordFile } from './password-file.ts';
import { readSettings } from './settings.ts';
import { openState } from './state-folder.ts';
import { knowsItsProgram } from '../protocol/agent-config.ts';

/** Installs the agent, or runs it. An error ends the process, with one line that says what to do. */
export async function runAgent(args: string[], script: string): Promise<void> {
  const log = createLog();
  const fail = (error: unknown) => {
    // An HAError says what to do; for any other error the stack is needed.
    if (error instanceof HAError) log.error({ reason: error.code }, error.message);
    else log.error({ error }, 'the agent has failed');
    process.exit(1);
  };
  // The state of the program is unknown then: the agent is process 1, so its end ends the container.
  process.on('uncaughtException', fail);
  const [command, folder] = args;
  if (command === 'install' && folder !== undefined) {
    await install(folder, script).catch(fail);
  } else if (command === undefined) {
    await run(log, fail).catch(fail);
  } else {
    log.error({}, 'usage: agent.mjs [install DIR]');
    process.exit(2);
  }
}

async function run(log: Log, fail: (error: unknown) => void): Promise<void> {
  const { config, pod, password: variable, env } = readSettings(process.env);
  const { leaseMs, engine } = config;
  // A pod that an earlier version has created has the variable, and no file.
  const file =
    engine.passwordSecret === undefined || variable !== undefined
      ? undefined
      : new PasswordFile({
          secret: engine.passwordSecret,
          service: config.service,
          faultOf: passwordCheck(config),
          clock: systemClock,
          log,
        });
  const passwords = file ?? fixedPassword(variable);
  const { epochStore, acknowledged } = await openState(config, log);
  const agent = await startAgent({
    pod,
    port: config.agentPort,
    engine: createEngine({ config, pod, passwords, env, clock: systemClock, log }),
    password: file,
    leaseMs,
    // The same rule as in planOrders: after a restart any other program may be promoted again in the same epoch.
    leadsOnce: leaseMs !== undefined || knowsItsProgram(config),
    epochStore,
    acknowledged,
    clock: systemClock,
    log,
    watchdog: leaseMs === undefined ? undefined : new Watchdog(systemClock, log),
    graceSeconds: config.graceSeconds,
    exit: (code) => process.exit(code),
  });
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => void agent.stop(name).catch(fail));
  }
}
