import type { Live } from '../../framework/live.ts';
import type { Kube } from './kube.ts';
import { OurDatabase, type OurVariant } from './ours.ts';
import { Patroni, type PatroniVariant } from './patroni.ts';
import type { Peer } from './peer.ts';
import { PlainRedis } from './plain.ts';
import { Sentinel, type SentinelVariant } from './sentinel.ts';

const fast = { interval: '100ms', timeout: '500ms' };

const ours: OurVariant[] = [
  { name: 'redis', title: 'HAService, Eventual', engine: 'redis', consistency: 'Eventual' },
  {
    name: 'redis-fast',
    title: 'HAService, Eventual, fast',
    engine: 'redis',
    consistency: 'Eventual',
    heartbeat: fast,
  },
  {
    name: 'redis-strong',
    title: 'HAService, Strong, fast',
    engine: 'redis',
    consistency: 'Strong',
    heartbeat: fast,
  },
  { name: 'postgres', title: 'HAService, Strong', engine: 'postgres', consistency: 'Strong' },
  {
    name: 'postgres-fast',
    title: 'HAService, Strong, fast',
    engine: 'postgres',
    consistency: 'Strong',
    heartbeat: fast,
  },
];

/**
 * The time after which Sentinel takes a master for dead is 30 s by default, and its failover-timeout three minutes
 * (sentinel.conf). With the fast one an attempt that was lost to a split vote is made again sooner.
 */
const sentinels: SentinelVariant[] = [
  {
    name: 'sentinel-fast',
    title: 'Sentinel, 1 s',
    times: { downAfterMs: 1_000, failoverTimeoutMs: 10_000 },
    waitFor: 0,
  },
  {
    name: 'sentinel-wait',
    title: 'Sentinel, 1 s, WAIT 1',
    times: { downAfterMs: 1_000, failoverTimeoutMs: 10_000 },
    waitFor: 1,
  },
  {
    name: 'sentinel',
    title: 'Sentinel, default',
    times: { downAfterMs: 30_000, failoverTimeoutMs: 180_000 },
    waitFor: 0,
  },
];

/**
 * Patroni's documentation ("Dynamic configuration settings") allows no ttl below 20 s, loop_wait from 1 s, retry_timeout from
 * 3 s, and asks for loop_wait + 2 * retry_timeout <= ttl. A standby looks at the lease once a loop_wait, from the last
 * renewal on: with the default of 10 s a lease of 20 s is found to be over after 30, and every other step waits for its turn as
 * long. So the shortest loop_wait is the fastest, and retry_timeout, which costs nothing, takes what is left.
 */
const patronis: PatroniVariant[] = [
  {
    name: 'patroni-fast',
    title: 'Patroni, ttl 20',
    times: { ttl: 20, loopWait: 1, retryTimeout: 9 },
  },
  {
    name: 'patroni',
    title: 'Patroni, default',
    times: { ttl: 30, loopWait: 10, retryTimeout: 10 },
  },
];

export const databaseSystems: readonly string[] = [
  ...[...ours, ...sentinels, ...patronis].map(({ name }) => name),
  'redis-plain',
];

export function systemOf(name: string, kube: Kube, live: Live): Peer {
  const own = ours.find((each) => each.name === name);
  if (own !== undefined) return new OurDatabase(kube, live, own);
  const sentinel = sentinels.find((each) => each.name === name);
  if (sentinel !== undefined) return new Sentinel(kube, sentinel);
  const patroni = patronis.find((each) => each.name === name);
  if (patroni !== undefined) return new Patroni(kube, patroni);
  return new PlainRedis(kube);
}
