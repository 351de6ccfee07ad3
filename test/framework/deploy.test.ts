import { expect, test } from 'vitest';
import { describeApply } from './deploy.ts';

const said = (verb: string) => `namespace/haservice-system unchanged
customresourcedefinition.apiextensions.k8s.io/haservices.haservice.dev configured
clusterrole.rbac.authorization.k8s.io/haservice-operator unchanged
deployment.apps/haservice-operator ${verb}
`;

test.each([
  ['created', 'the operator is installed: waiting until it is ready'],
  ['configured', 'the operator is rolled out: waiting until the new one is ready'],
  ['unchanged', 'the operator is up to date: nothing to roll out'],
])('an apply that leaves the Deployment %s is told in one line', (verb, line) => {
  expect(describeApply(said(verb))).toBe(line);
});
