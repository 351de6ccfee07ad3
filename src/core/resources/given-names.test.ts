import { expect, it } from 'vitest';
import { namesToRemove } from './given-names.ts';

const after = (applied: string) =>
  namesToRemove({ metadata: {} }, { annotations: { 'haservice.dev/applied': applied } });

it('removes what an object was given, and never a name of the operator, whatever somebody has written', () => {
  const labels = ['team', 'haservice.dev/name', 'app.kubernetes.io/managed-by', 3];
  const annotations = ['note', 'haservice.dev/contract', 'haservice.dev/made-for'];
  expect(after(JSON.stringify({ labels, annotations }))).toEqual({
    labels: { team: null },
    annotations: { note: null, 'haservice.dev/applied': null },
  });
  expect(after('null')).toEqual({ labels: {}, annotations: { 'haservice.dev/applied': null } });
});
