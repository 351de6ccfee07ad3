import { once } from 'node:events';
import { hostname } from 'node:os';
import { createLineServer } from './line-server.ts';
import { Member } from './member.ts';
import { readSettings } from './settings.ts';

/** Runs until SIGTERM or SIGINT, and then ends at once, with all connections. */
export async function startMember(env: NodeJS.ProcessEnv): Promise<void> {
  const settings = readSettings(env, hostname());
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.once(name, () => process.exit(0));
  const log = (entry: object) => console.log(JSON.stringify(entry));
  const member = new Member(settings, log);
  if (settings.ports === undefined) {
    setInterval(() => {}, 3_600_000);
  } else {
    const http = member.createServer().listen(settings.ports.http);
    const line = createLineServer((text) => member.answerLine(text)).listen(settings.ports.line);
    await Promise.all([once(http, 'listening'), once(line, 'listening')]);
  }
  log({ ...settings, message: 'the member has started' });
}
