import type { KubeObject } from '../../src/kube/api-types.ts';
import { database, password, secret } from '../e2e/databases.ts';
import { haService, memberTemplate } from '../e2e/manifests.ts';

/** A kind of service whose fields are mutated. */
export interface Subject {
  name: SubjectName;
  title: string;
  /** What must exist besides. */
  objects: KubeObject[];
  service: KubeObject & { spec: unknown };
  load: {
    does: 'client' | 'db';
    everyMs: number;
    timeoutMs: number;
    /** What the client asks, at the address of the Service. */
    urlAt: (address: string) => string;
  };
}

export const subjectNames = ['web', 'active', 'redis', 'postgres'] as const;
export type SubjectName = (typeof subjectNames)[number];

/** For spec.inherit to have something to hand on. */
const metadata = (name: string) => ({
  name,
  labels: { team: 'blue' },
  annotations: { 'example.com/owner': 'blue' },
});

/** With a command, as an agent needs one, which a website in Strong has. */
function website(name: SubjectName, spec: Record<string, unknown>): Subject['service'] {
  const template = memberTemplate({ HOOKS: String(spec['topology'] === 'ActivePassive') });
  const containers = template.spec.containers.map((container) => ({
    ...container,
    command: ['/usr/bin/node', '/app/workload.mjs', 'member'],
    ports: [{ name: 'http', containerPort: 8080 }],
  }));
  const made = haService(name, {
    spec: { ...spec, template: { spec: { ...template.spec, containers } } },
  }) as Subject['service'];
  return { ...made, metadata: metadata(name) };
}

const http = {
  does: 'client',
  everyMs: 20,
  timeoutMs: 1_000,
  urlAt: (address: string) => `http://${address}/`,
} as const;

function replicated(name: SubjectName, type: 'Redis' | 'Postgres'): Subject {
  const made = database(name, type) as Subject['service'];
  const urls = {
    Redis: (address: string) => `redis://:${encodeURIComponent(password)}@${address}:6379?wait=1`,
    Postgres: (address: string) => `postgres://:${encodeURIComponent(password)}@${address}:5432`,
  };
  return {
    name,
    title: `${type}, Strong`,
    objects: [secret()],
    service: { ...made, metadata: metadata(name) },
    load: { does: 'db', everyMs: 50, timeoutMs: 1_000, urlAt: urls[type] },
  };
}

export const subjects: Record<SubjectName, () => Subject> = {
  web: () => ({
    name: 'web',
    title: 'a website, ActivePassive',
    objects: [],
    service: website('web', {
      topology: 'ActivePassive',
      engine: {
        type: 'HTTP',
        http: { path: '/healthz' },
        promote: { path: '/promote' },
        demote: { path: '/demote' },
      },
    }),
    load: http,
  }),
  active: () => ({
    name: 'active',
    title: 'a website, ActiveActive',
    objects: [],
    service: website('active', { topology: 'ActiveActive' }),
    load: http,
  }),
  redis: () => replicated('redis', 'Redis'),
  postgres: () => replicated('postgres', 'Postgres'),
};
