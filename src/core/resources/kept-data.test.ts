import { expect, it } from 'vitest';
import { makeResource } from '../testing/fixtures.ts';
import { keepsData, podKeepsData } from './kept-data.ts';
import { desiredPod } from './pod.ts';

const claim = { persistentVolumeClaim: { claimName: 'mine' } };

function kept(spec: object, mountPath: string, source: object = claim) {
  const mounts = { volumeMounts: [{ name: 'data', mountPath }] };
  const containers = [{ name: 'program', image: 'image', ...mounts }];
  const template = { spec: { containers, volumes: [{ name: 'data', ...source }] } };
  const made = { ...makeResource({ template, ...spec }), agentImage: 'operator' };
  const pod = desiredPod(made, 0, 'standby');
  return [keepsData(made.spec), podKeepsData('web-0', pod.spec as Record<string, unknown>)];
}

const redis = { engine: { type: 'Redis' }, topology: 'LeaderFollower' };
const claims = {
  volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: { accessModes: ['ReadWriteOnce'] } }],
};

it.each<[what: string, spec: object, mountPath: string, source: object, is: boolean]>([
  ['a claim of the pod', { ...redis, ...claims }, '/data', {}, true],
  ['a claim of the user', redis, '/data', claim, true],
  ['a volume that ends with the pod', redis, '/data', { emptyDir: {} }, false],
  ['a volume elsewhere', redis, '/logs', claim, false],
  [
    'the folder that the engine names',
    { ...redis, engine: { type: 'Redis', dataDir: '/logs' } },
    '/logs',
    claim,
    true,
  ],
  ['any folder, if nothing is known of the program', {}, '/logs', claim, true],
  ['nothing', {}, '/logs', { emptyDir: {} }, false],
])(
  'a spec and a pod made from it agree on what outlives the pod: %s',
  (_what, spec, path, source, is) => {
    expect(kept(spec, path, source)).toEqual([is, is]);
  },
);
