import { once } from 'node:events';
import { Control } from './control.ts';

export const controlPort = 8070;

/** Runs until SIGTERM or SIGINT. PASSWORD: of the database. */
export async function startTorture(env: NodeJS.ProcessEnv): Promise<void> {
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0));
  const server = new Control(env['PASSWORD']).createServer().listen(controlPort);
  await once(server, 'listening');
}
