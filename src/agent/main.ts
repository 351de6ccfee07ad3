import { containerArgument, guardArgument, runGuard } from './watchdog-process.ts';

/**
 * `install DIR` puts the agent into a folder, from where it runs in any image; without a command it is the agent. Its
 * configuration is in the variables of src/protocol/agent-config.ts.
 */
const [, script = '', ...args] = process.argv;
if (args[0] === guardArgument) {
  runGuard(args[1] === containerArgument);
} else {
  // Later, as the guard is to be small.
  const { runAgent } = await import('./run-agent.ts');
  await runAgent(args, script);
}
