import { describe, expect, it } from 'vitest';
import { desiredClaims } from './volume-claims.ts';
import { desiredPod, templateHash } from './pod.ts';
import { makeResource } from '../testing/fixtures.ts';

const claim = {
  metadata: { name: 'data', labels: { tier: 'db', 'haservice.dev/name': 'x' } },
  spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '1Gi' } } },
};
const resource = makeResource({
  volumeClaimTemplates: [claim, { metadata: { name: 'log', annotations: { a: 'b' } }, spec: {} }],
  template: {
    spec: {
      containers: [{ name: 'db' }],
      volumes: [
        { name: 'data', emptyDir: {} },
        { name: 'tmp', emptyDir: {} },
      ],
    },
  },
});

describe('volume claims', () => {
  it('have the names of a StatefulSet, the labels of the service, and no owner', () => {
    const [data, log] = desiredClaims(resource, 2);
    expect(data).toEqual({
      apiVersion: 'v1',
      kind: 'PersistentVolumeClaim',
      metadata: {
        name: 'data-web-2',
        namespace: 'shop',
        labels: {
          tier: 'db',
          'haservice.dev/name': 'web',
          'app.kubernetes.io/managed-by': 'haservice-operator',
        },
        annotations: { 'haservice.dev/made-for': resource.uid },
      },
      spec: claim.spec,
    });
    expect(log?.metadata).toMatchObject({ name: 'log-web-2', annotations: { a: 'b' } });
    expect(desiredClaims(makeResource(), 0)).toEqual([]);
  });

  it('are volumes of the pod, in the place of any of the same name', () => {
    const { volumes } = desiredPod(resource, 2, 'standby')['spec'] as { volumes: object[] };
    expect(volumes).toEqual([
      { name: 'tmp', emptyDir: {} },
      { name: 'data', persistentVolumeClaim: { claimName: 'data-web-2' } },
      { name: 'log', persistentVolumeClaim: { claimName: 'log-web-2' } },
    ]);
    expect(desiredPod(makeResource(), 0, 'standby')['spec']).not.toHaveProperty('volumes');
  });

  it('make a pod outdated by their names alone: their size is that of the next volume', () => {
    const hash = (volumeClaimTemplates: object[]) =>
      templateHash(makeResource({ volumeClaimTemplates }).spec);
    expect(hash([claim])).not.toBe(hash([]));
    expect(hash([{ ...claim, spec: {} }])).toBe(hash([claim]));
  });
});
