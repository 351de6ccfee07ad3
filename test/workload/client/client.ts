import type { Agent } from 'node:http';
import type { ClientOptions } from './options.ts';
import { PortAgent, Ports } from './ports.ts';
import type { Connection, Reporter } from './report.ts';
import { type Address, send } from './request.ts';
import { type Beat, runDue } from './schedule.ts';

/** Milliseconds since the Unix epoch, with fractions, that never run backwards. */
const now = () => performance.timeOrigin + performance.now();

/**
 * Sends requests at a fixed rate, to each target on a connection of their own and on a kept one, until `stop`; then
 * waits for the last answers. No request waits for another: where the kept connection is still busy the next request
 * opens one, which is kept instead.
 *
 * @param addresses of the targets, in their order.
 */
export async function runClient(
  options: Pick<ClientOptions, 'targets' | 'intervalMs' | 'timeoutMs'>,
  addresses: readonly Address[],
  reporter: Pick<Reporter, 'add'>,
  stop: AbortSignal,
): Promise<void> {
  const agents: Agent[] = [];
  const ports = new Ports();
  const pending = new Set<Promise<void>>();
  const streams = addresses.flatMap((address, i) =>
    (['new', 'kept'] as const).map((kind) => {
      const agent = createAgent(kind, ports);
      agents.push(agent);
      const name = options.targets[i]?.name;
      return () => {
        const sentAt = now();
        const sent = send(address, agent, options.timeoutMs).then((outcome) => {
          pending.delete(sent);
          reporter.add(name, kind, sentAt, now(), outcome);
        });
        pending.add(sent);
      };
    }),
  );
  const start = now();
  const gap = options.intervalMs / streams.length;
  const beats = streams.map((act, i): Beat => ({ nextAt: start + i * gap, act }));
  await beat(beats, options.intervalMs, stop);
  await Promise.all(pending);
  for (const agent of agents) agent.destroy();
}

function createAgent(kind: Connection, ports: Ports): Agent {
  return kind === 'new'
    ? new PortAgent(ports, { keepAlive: false })
    : new PortAgent(ports, { keepAlive: true, maxFreeSockets: 1, scheduling: 'lifo' });
}

function beat(beats: Beat[], intervalMs: number, stop: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    let timer: NodeJS.Timeout | undefined;
    const tick = () => {
      const nextAt = runDue(beats, intervalMs, now());
      timer = setTimeout(tick, Math.max(0, nextAt - now()));
    };
    const end = () => {
      clearTimeout(timer);
      resolve();
    };
    stop.addEventListener('abort', end, { once: true });
    if (stop.aborted) end();
    else tick();
  });
}
