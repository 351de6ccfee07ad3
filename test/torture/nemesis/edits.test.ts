import { expect, it } from 'vitest';
import { changed as mergePatch } from '../../../src/controller/testing/merge-patch.ts';
import { type EditedSpec, chooseEdit, rollPatch } from './edits.ts';

const template = {
  metadata: { annotations: {} },
  spec: { containers: [{ name: 'p', env: [{ name: 'A', value: '1' }] }, { name: 'q' }] },
};
const before: Record<string, unknown> & EditedSpec = {
  replicas: 3,
  ports: [{ port: 80, targetPort: 80 }],
  heartbeat: { interval: '100ms', timeout: '1s' },
  failover: { leaseDuration: '3s', consistency: 'Strong' },
  template,
};

it('each edit changes the spec, and its way back restores it, also beside a scale and a rolling update', () => {
  const names = new Set<string>();
  for (let i = 0; i < 7; i++) {
    const edit = chooseEdit(before, 80, (i + 0.5) / 7);
    names.add(edit.name);
    const edited = mergePatch(before, edit.patch);
    expect(edited).not.toEqual(before);
    expect(mergePatch(edited, edit.back)).toEqual(before);
    const both = mergePatch(mergePatch(edited, rollPatch('x')), { replicas: 5 });
    const rolled = mergePatch(mergePatch(before, rollPatch('x')), { replicas: 5 });
    expect(mergePatch(both, edit.back)).toEqual(rolled);
  }
  expect([...names].sort()).toEqual([
    ...['annotation', 'environment', 'heartbeat', 'leaseDuration 2s', 'leaseDuration 6s'],
    ...['readinessProbe', 'targetPort'],
  ]);
});

it('the program keeps its environment when the target port is edited', () => {
  const { patch } = chooseEdit(before, 80, 2.5 / 7);
  expect(patch).toEqual({
    ports: [{ port: 80, targetPort: 81 }],
    template: {
      spec: {
        containers: [
          {
            name: 'p',
            env: [
              { name: 'A', value: '1' },
              { name: 'PORT', value: '81' },
            ],
          },
          { name: 'q' },
        ],
      },
    },
  });
});
