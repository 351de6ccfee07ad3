import { containerArgument, watchdogArgument, runWatchdog } from './watchdog-process.ts';

/**
 * `install DIR` puts the agent into a folder, from which it runs in any image; without a command, the agent runs. Its
 * configuration is in the variables of src/protocol/agent-config.ts.
 */
const [, script = '', ...args] = process.argv;
if (args[0] === watchdogArgument) {
  runWatchdog(args[1] === containerArgument);
} else {
  // Imported here, so that the watchdog stays small.
  const { runAgent } = await import('./run-agent.ts');
  await runAgent(args, script);
}
