import { databaseResources, podIpEnv, spread } from './bench-system.ts';

export const redisImage = 'docker.io/library/redis:7';
export const masterName = 'mymaster';
export const sentinelPort = 26379;
const redisLabels = { app: 'redis' };
const sentinelLabels = { app: 'sentinel' };

const headless = (name: string, selector: Record<string, string>, port: number) => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name },
  spec: { clusterIP: 'None', publishNotReadyAddresses: true, selector, ports: [{ port }] },
});

const statefulSet = (name: string, labels: Record<string, string>, pod: object) => ({
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  metadata: { name },
  spec: {
    serviceName: name,
    replicas: 3,
    podManagementPolicy: 'Parallel',
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: {
        affinity: spread(labels),
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: 'data', emptyDir: {} }],
        ...pod,
      },
    },
  },
});

/**
 * A member follows the master that Sentinel names, once that one answers as a master. For the former master Sentinel names itself:
 * it continues with its data if it is back before it is given up. At first there is no Sentinel to ask.
 */
const startRedis = `
ask() { timeout 2 redis-cli -h "$1" -p ${sentinelPort} sentinel get-master-addr-by-name ${masterName} | head -n 1; }
follow=
while timeout 2 redis-cli -h sentinel -p ${sentinelPort} ping > /tmp/pong 2> /tmp/error && grep -q PONG /tmp/pong; do
  master=$(ask sentinel)
  [ "$master" = "$POD_IP" ] && break
  if [ -n "$master" ] && timeout 2 redis-cli -h "$master" role | head -n 1 | grep -q master; then
    follow="--replicaof $master 6379"
    break
  fi
  sleep 0.2
done
exec redis-server --protected-mode no --dir /data --appendonly yes --repl-diskless-sync-delay 0 \\
  --replica-announce-ip "$POD_IP" $follow`;

export const redisObjects = () => [
  headless('redis', redisLabels, 6379),
  statefulSet('redis', redisLabels, {
    containers: [
      {
        name: 'redis',
        image: redisImage,
        imagePullPolicy: 'IfNotPresent',
        command: ['sh', '-c', startRedis],
        resources: databaseResources,
        env: [podIpEnv],
        volumeMounts: [{ name: 'data', mountPath: '/data' }],
      },
    ],
  }),
];

export interface SentinelTimes {
  downAfterMs: number;
  /** How long one failover may take. A failed attempt is repeated after twice as long. */
  failoverTimeoutMs: number;
}

/** @param master address of the first master: Sentinel stores later ones in its own file. */
export const sentinelObjects = (master: string, times: SentinelTimes) => {
  const config = [
    `port ${sentinelPort}`,
    'protected-mode no',
    `sentinel monitor ${masterName} ${master} 6379 2`,
    `sentinel down-after-milliseconds ${masterName} ${times.downAfterMs}`,
    `sentinel failover-timeout ${masterName} ${times.failoverTimeoutMs}`,
    `sentinel parallel-syncs ${masterName} 1`,
  ];
  const file = '/data/sentinel.conf';
  const write = `printf '%s\\n' ${config.map((line) => `'${line}'`).join(' ')} "sentinel announce-ip $POD_IP" > ${file}`;
  return [
    headless('sentinel', sentinelLabels, sentinelPort),
    statefulSet('sentinel', sentinelLabels, {
      containers: [
        {
          name: 'sentinel',
          image: redisImage,
          imagePullPolicy: 'IfNotPresent',
          resources: { requests: { cpu: '100m' } },
          command: ['sh', '-c', `[ -s ${file} ] || ${write}; exec redis-sentinel ${file}`],
          env: [podIpEnv],
          volumeMounts: [{ name: 'data', mountPath: '/data' }],
        },
      ],
    }),
  ];
};
