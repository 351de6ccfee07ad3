import type { Agent } from 'node:http';
import type { ClientOptions } from './options.ts';
import { PortAgent, Ports } from './ports.ts';
import type { Connection, Reporter } from './report.ts';
import { type Address, send } from './request.ts';
import { type Stream, runStreams } from './streams.ts';

/**
 * Sends requests at a fixed rate, to each target on new connections and on a kept one, until `stop`; then waits for the last
 * answers. No request waits for another: if the kept connection is still busy, the next request opens a new one, which is kept
 * instead.
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
  const streams = addresses.flatMap((address, i) =>
    (['new', 'kept'] as const).map((kind): Stream => {
      const agent = createAgent(kind, ports);
      agents.push(agent);
      const name = options.targets[i]?.name;
      return { name, kind, send: () => send(address, agent, options.timeoutMs) };
    }),
  );
  await runStreams(streams, options.intervalMs, reporter, stop);
  for (const agent of agents) agent.destroy();
}

function createAgent(kind: Connection, ports: Ports): Agent {
  return kind === 'new'
    ? new PortAgent(ports, { keepAlive: false })
    : new PortAgent(ports, { keepAlive: true, maxFreeSockets: 1, scheduling: 'lifo' });
}
