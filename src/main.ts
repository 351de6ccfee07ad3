import { hostname } from 'node:os';
import type { KubeConfig } from '@kubernetes/client-node/dist/config.js';
import { isHAError } from './api/errors.ts';
import { Operator } from './controller/operator.ts';
import { findNamespaces } from './controller/find-namespaces.ts';
import { findOwnPod } from './controller/own-pod.ts';
import { systemClock } from './lib/clock.ts';
import { KubeClient } from './kube/client.ts';
import { loadKubeConfig } from './kube/load-config.ts';
import { createLog } from './telemetry/log.ts';
import { Metrics } from './telemetry/metrics.ts';
import { startTelemetry } from './telemetry/server.ts';

const log = createLog();
const metrics = new Metrics();
const client = KubeClient.fromKubeConfig(configOrExit(), { metrics: metrics.client });
const stop = new AbortController();
for (const name of ['SIGTERM', 'SIGINT'] as const) {
  process.once(name, () => {
    log.info({ reason: name }, 'stopping');
    stop.abort();
  });
}

/** Set when it has found out who it is. */
let notReady = (): string | undefined => 'waiting for the API server';
const server = await startTelemetry({
  metrics,
  notReady: () => notReady(),
  port: Number(process.env['METRICS_PORT'] ?? 8080),
});
const own = await findOwnPod({ client, env: process.env, clock: systemClock, log }, stop.signal);
const watchNamespaces = await findNamespaces(
  {
    ...{ client, namespace: process.env['POD_NAMESPACE'], clock: systemClock, log },
    onFault: (fault) => {
      notReady = () => fault;
    },
  },
  stop.signal,
);
const operator = new Operator({
  ...own,
  client,
  clock: systemClock,
  random: Math.random,
  log,
  metrics,
  nodeName: process.env['NODE_NAME'],
  instance: process.env['POD_NAME'] ?? hostname(),
  namespace: process.env['POD_NAMESPACE'],
  unsafe: unsafeMode(process.env['HASERVICE_TEST_UNSAFE']),
  watchNamespaces,
  onOtherNamespaces: () => stop.abort(),
});
notReady = () => operator.notReady();
log.info(
  { port: server.port, node: process.env['NODE_NAME'], agentImage: own.agentImage },
  'the operator has started',
);
await operator.run(stop.signal);
await server.close();
await client.close();

/** Lets the tests see that their checker finds what it is there to find. Never set it elsewhere. */
function unsafeMode(text: string | undefined): 'no-fence' | 'no-quorum' | undefined {
  if (text !== 'no-fence' && text !== 'no-quorum') return undefined;
  log.error({ reason: text }, 'HASERVICE_TEST_UNSAFE is set: failovers are NOT safe');
  return text;
}

/** One line instead of a stack: it is for a person who has just started it by hand. */
function configOrExit(): KubeConfig {
  try {
    return loadKubeConfig();
  } catch (error) {
    if (!isHAError(error)) throw error;
    log.error({ reason: error.code }, error.message);
    process.exit(1);
  }
}
