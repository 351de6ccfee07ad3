import { type Clock, sleep } from '../../lib/clock.ts';
import type { Server } from './server.ts';

/** How long a follower that takes no data may hold up the fence of its leader. Milliseconds. */
const longestMs = 1_000;
/** Between two looks. Milliseconds. */
const pollMs = 2;
/** Time in which a follower applies what has reached its node. Milliseconds. */
const applyMs = 20;

/**
 * Pauses writes, for which clients wait, and sends the followers what they have not been sent yet: the fence that comes then closes
 * their connections, and with them whatever waits there. So a planned change loses nothing, also in Eventual. A paused server asks its
 * followers for no acknowledgement, so that the connections are looked at instead: one that still has data waits to be written to.
 *
 * @returns the command that ends the pause, which else ends by itself. @throws as Server.call
 */
export async function sendRest(
  server: Server,
  clock: Clock,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const giveUpAt = clock.now() + longestMs;
  await server.call([['CLIENT', 'PAUSE', String(2 * longestMs), 'WRITE']], signal);
  let followers = await connections(server, signal);
  while (followers.some((each) => each.includes('w')) && clock.now() < giveUpAt) {
    await sleep(clock, pollMs, signal);
    followers = await connections(server, signal);
  }
  if (followers.length > 0) await sleep(clock, applyMs, signal);
  return ['CLIENT', 'UNPAUSE'];
}

/** What the server waits for on the connection of each follower: r, to read from it; w, to write to it. */
async function connections(server: Server, signal: AbortSignal): Promise<string[]> {
  const [list] = await server.call([['CLIENT', 'LIST', 'TYPE', 'replica']], signal);
  return [...String(list).matchAll(/ events=([rw]*)/g)].flatMap(([, events]) => events ?? []);
}
