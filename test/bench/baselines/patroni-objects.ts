import { dump } from 'js-yaml';
import { databaseResources, podIpEnv, podNameEnv, spread } from './bench-system.ts';

export const scope = 'patroni';
export const password = 'bench';
const labels = { application: 'patroni', 'cluster-name': scope };
export const patroniSelector = `cluster-name=${scope},application=patroni`;
const account = 'patroni';

export interface PatroniTimes {
  /** Seconds after which a leader that does not renew its lease has lost it. */
  ttl: number;
  /** Seconds between two renewals. */
  loopWait: number;
  /** Seconds for which the API server may fail before the leader steps down. */
  retryTimeout: number;
}

/**
 * The objects of Patroni's own example for Kubernetes (kubernetes/patroni_k8s.yaml in its repository), with its leader lease in
 * Endpoints: they are those of the write Service, so the write that makes a member leader also redirects the traffic.
 * Synchronous, and with pg_rewind, as for Strong.
 */
export function patroniObjects(times: PatroniTimes): object[] {
  const dcs = {
    ttl: times.ttl,
    loop_wait: times.loopWait,
    retry_timeout: times.retryTimeout,
    synchronous_mode: true,
    postgresql: {
      use_pg_rewind: true,
      use_slots: true,
      parameters: { max_connections: 100, wal_log_hints: 'on' },
    },
  };
  const data = '/data/postgres';
  const config = {
    scope,
    bootstrap: {
      dcs,
      initdb: [{ 'auth-host': 'scram-sha-256' }, { 'auth-local': 'trust' }, 'data-checksums'],
    },
    kubernetes: {
      labels: { application: 'patroni' },
      scope_label: 'cluster-name',
      use_endpoints: true,
      ports: [{ name: 'postgresql', port: 5432 }],
    },
    restapi: { listen: '0.0.0.0:8008' },
    postgresql: {
      listen: '0.0.0.0:5432',
      data_dir: data,
      bin_dir: '/usr/lib/postgresql/15/bin',
      pgpass: '/tmp/pgpass',
      authentication: {
        superuser: { username: 'postgres', password },
        replication: { username: 'standby', password },
      },
      pg_hba: [
        'local all all trust',
        'host all all 0.0.0.0/0 scram-sha-256',
        'host replication standby 0.0.0.0/0 scram-sha-256',
      ],
      parameters: { unix_socket_directories: '/tmp' },
    },
  };
  const port = { name: 'postgresql', port: 5432 };
  return [
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: account } },
    role,
    {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      metadata: { name: account },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: account },
      subjects: [{ kind: 'ServiceAccount', name: account }],
    },
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'patroni' },
      data: { 'patroni.yml': dump(config) },
    },
    // Without selectors: Patroni manages the Endpoints. Those of the second Service store its configuration.
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: scope, labels },
      spec: { ports: [port] },
    },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: `${scope}-config`, labels },
      spec: { clusterIP: 'None' },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'StatefulSet',
      metadata: { name: scope, labels },
      spec: {
        serviceName: scope,
        replicas: 3,
        podManagementPolicy: 'Parallel',
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: podSpec },
      },
    },
  ];
}

const role = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: account },
  rules: [
    {
      apiGroups: [''],
      resources: ['configmaps', 'endpoints', 'pods'],
      verbs: ['create', 'get', 'list', 'patch', 'update', 'watch', 'delete', 'deletecollection'],
    },
    { apiGroups: [''], resources: ['services'], verbs: ['create'] },
  ],
};

const podSpec = {
  serviceAccountName: account,
  affinity: spread(labels),
  terminationGracePeriodSeconds: 5,
  securityContext: { runAsUser: 999, runAsGroup: 999, fsGroup: 999 },
  volumes: [
    { name: 'data', emptyDir: {} },
    { name: 'config', configMap: { name: 'patroni' } },
  ],
  containers: [
    {
      name: 'patroni',
      image: 'docker.io/library/patroni:3',
      imagePullPolicy: 'IfNotPresent',
      resources: databaseResources,
      command: ['patroni', '/etc/patroni/patroni.yml'],
      env: [
        podIpEnv,
        podNameEnv,
        { name: 'PATRONI_KUBERNETES_POD_IP', value: '$(POD_IP)' },
        {
          name: 'PATRONI_KUBERNETES_NAMESPACE',
          valueFrom: { fieldRef: { fieldPath: 'metadata.namespace' } },
        },
        { name: 'PATRONI_NAME', value: '$(POD_NAME)' },
        { name: 'PATRONI_POSTGRESQL_CONNECT_ADDRESS', value: '$(POD_IP):5432' },
        { name: 'PATRONI_RESTAPI_CONNECT_ADDRESS', value: '$(POD_IP):8008' },
      ],
      readinessProbe: { httpGet: { path: '/readiness', port: 8008 }, periodSeconds: 2 },
      volumeMounts: [
        { name: 'data', mountPath: '/data' },
        { name: 'config', mountPath: '/etc/patroni' },
      ],
    },
  ],
};
