import { services } from '../../../src/kube/resources.ts';
import type { Live } from '../../framework/live.ts';
import { apply, readObject } from '../../framework/objects.ts';
import { clientTimeoutMs } from '../../framework/traffic.ts';
import type { Kube } from '../baselines/kube.ts';
import { OurDatabase, type OurVariant } from '../baselines/ours.ts';
import { paces } from '../baselines/series.ts';
import { unhurried } from '../plan.ts';

/** An HAService on which experiments are measured. */
export interface ChaosSystem {
  /** Title in the table. */
  title: string;
  /** Name of the HAService. */
  service: string;
  /** What the client does, how often on each kind of connection, and when it gives up. Milliseconds. */
  client: { does: 'client' | 'db'; everyMs: number; timeoutMs: number };
  /** Creates it in an empty namespace. */
  deploy(): Promise<void>;
  clientUrl(): Promise<string>;
}

const quickstart = new URL('../../../examples/quickstart.yaml', import.meta.url);
const name = 'web';

const website = (kube: Kube): ChaosSystem => ({
  title: 'website',
  service: name,
  client: { does: 'client', everyMs: 10, timeoutMs: clientTimeoutMs },
  async deploy() {
    const web = await readObject(quickstart, kube.namespace);
    const spec = { ...(web as { spec: object }).spec, failover: unhurried };
    const object = { ...web, spec };
    await apply(kube.api.client, object, kube.signal);
  },
  async clientUrl() {
    const ref = { namespace: kube.namespace, name };
    const { spec } = await kube.api.client.get(services, ref, { signal: kube.signal });
    return `http://${spec?.clusterIP}:${spec?.ports?.[0]?.port}/`;
  },
});

const databases: OurVariant[] = [
  { name: 'redis-strong', title: 'Redis, Strong', engine: 'redis', consistency: 'Strong' },
  { name: 'redis-eventual', title: 'Redis, Eventual', engine: 'redis', consistency: 'Eventual' },
  {
    name: 'postgres-strong',
    title: 'PostgreSQL, Strong',
    engine: 'postgres',
    consistency: 'Strong',
  },
  {
    name: 'postgres-eventual',
    title: 'PostgreSQL, Eventual',
    engine: 'postgres',
    consistency: 'Eventual',
  },
];

/** Names on the command line. */
export const chaosSystems: readonly string[] = ['http', ...databases.map((each) => each.name)];

export function chaosSystemOf(systemName: string, kube: Kube, live: Live): ChaosSystem {
  const variant = databases.find((each) => each.name === systemName);
  if (variant === undefined) return website(kube);
  const database = new OurDatabase(kube, live, variant);
  const { title, engine } = variant;
  return {
    title,
    service: engine,
    client: { does: 'db', ...paces[engine] },
    deploy: () => database.deploy(),
    clientUrl: () => database.clientUrl(),
  };
}
