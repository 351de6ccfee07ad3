import { HAError } from '../api/errors.ts';
import { systemClock } from '../core/clock.ts';
import { createLog } from '../telemetry/log.ts';
import { startAgent } from './agent.ts';
import { createEngine } from './create-engine.ts';
import { Guard } from './guard.ts';
import { containerArgument, guardArgument, runGuard } from './guard-process.ts';
import { install } from './install.ts';
import { readSettings } from './settings.ts';
import { openState } from './state-folder.ts';

/**
 * `install DIR` puts the agent into a folder, from where it runs in any image; without a command it is the agent. Its
 * configuration is in the variables of src/api/agent-config.ts.
 */
const [command, argument] = process.argv.slice(2);
if (command === guardArgument) {
  runGuard(argument === containerArgument);
} else {
  const log = createLog();
  const fail = (error: unknown) => {
    // One of the project's own says what to do; of any other it matters where it came from.
    if (error instanceof HAError) log.error({ reason: error.code }, error.message);
    else log.error({ error }, 'the agent has failed');
    process.exit(1);
  };
  // Nothing is known of the program then: as process 1, its end is that of all.
  process.on('uncaughtException', fail);
  if (command === 'install' && argument !== undefined) {
    await install(argument, process.argv[1] ?? '').catch(fail);
  } else if (command === undefined) {
    await run().catch(fail);
  } else {
    log.error({}, 'usage: agent.mjs [install DIR]');
    process.exit(2);
  }

  async function run(): Promise<void> {
    const { config, pod, password, env } = readSettings(process.env);
    const { leaseMs } = config;
    const { keep, obeyed } = await openState(config, log);
    const agent = await startAgent({
      pod,
      port: config.agentPort,
      engine: createEngine({ config, pod, password, env, clock: systemClock, log }),
      leaseMs,
      keep,
      obeyed,
      clock: systemClock,
      log,
      guard: leaseMs === undefined ? undefined : new Guard(systemClock, log),
      exit: (code) => process.exit(code),
    });
    for (const name of ['SIGTERM', 'SIGINT'] as const) {
      process.once(name, () => void agent.stop(name).catch(fail));
    }
  }
}
