import { randomBytes } from 'node:crypto';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import { readObject } from '../../framework/objects.ts';

/** Has spec.chaos. */
export const drill = 'drill';
/** Has none: its pods are deleted as a CronJob would do it. */
export const cron = 'cron';
export const serviceNames = [drill, cron] as const;
export type ServiceName = (typeof serviceNames)[number];

/** How long before a kill the operator announces it. Milliseconds. */
export const announceMs = 2_000;

const example = new URL('../../../examples/chaos.yaml', import.meta.url);

/** The same choice of members in each demo, if the members are the same. */
const seed = 4;

/**
 * What the demo changes in spec.chaos of the example: it has minutes instead of days. And any member is hit, as by a CronJob that
 * knows no roles: with the primary alone the two services could not be compared.
 */
const hurried = {
  schedule: '* * * * *',
  action: 'PodKill',
  target: { role: 'Any' },
  announce: `${announceMs / 1_000}s`,
  minPodAge: '5s',
  recoveryObjective: '30s',
  onFailure: 'Continue',
  historyLimit: 50,
  seed,
};

interface Example extends KubeObject {
  spec: Record<string, unknown>;
}

/** The Secret, the Redis of examples/chaos.yaml, and the same Redis without spec.chaos. */
export async function servicesOf(namespace: string): Promise<KubeObject[]> {
  const { spec, ...object } = (await readObject(example, namespace)) as Example;
  const { chaos: _chaos, ...plain } = spec;
  const secret = {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: secretName, namespace },
    stringData: { [secretKey]: randomBytes(16).toString('hex') },
  };
  const named = (name: ServiceName, ofService: object) =>
    ({ ...object, metadata: { name, namespace }, spec: ofService }) as KubeObject;
  return [secret, named(drill, { ...plain, chaos: hurried }), named(cron, plain)];
}

const secretName = 'redis';
const secretKey = 'password';

/** Environment of a client. */
export const passwordEnv = {
  name: 'PASSWORD',
  valueFrom: { secretKeyRef: { name: secretName, key: secretKey } },
};

export const redisPort = 6379;
/** Strong, three members: a write counts as acknowledged when one copy has it, too. */
export const redisAcks = 1;
