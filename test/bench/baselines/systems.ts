import type { Live } from '../../framework/live.ts';
import type { Kube } from './kube.ts';
import { OurDatabase, type OurVariant } from './ours.ts';
import { Patroni, type PatroniVariant } from './patroni.ts';
import type { BenchSystem } from './bench-system.ts';
import { UnmanagedRedis } from './unmanaged-redis.ts';
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
 * Sentinel considers a master down after 30 s by default, and its failover-timeout is three minutes (sentinel.conf). With the
 * lower value an attempt that failed by a split vote is repeated sooner.
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
 * 3 s, and requires loop_wait + 2 * retry_timeout <= ttl. A standby checks the lease once per loop_wait, from the last renewal
 * on: with the default of 10 s the expiry of a lease of 20 s is noticed after 30 s, and every further step also waits for the
 * next loop. So the shortest loop_wait is the fastest, and retry_timeout, which costs nothing, takes the rest.
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

export function systemOf(name: string, kube: Kube, live: Live): BenchSystem {
  const own = ours.find((each) => each.name === name);
  if (own !== undefined) return new OurDatabase(kube, live, own);
  const sentinel = sentinels.find((each) => each.name === name);
  if (sentinel !== undefined) return new Sentinel(kube, sentinel);
  const patroni = patronis.find((each) => each.name === name);
  if (patroni !== undefined) return new Patroni(kube, patroni);
  return new UnmanagedRedis(kube);
}
