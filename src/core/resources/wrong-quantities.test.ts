import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import { degradedReasonsOf } from '../status/degraded-reasons.ts';
import { makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { wrongQuantities } from './wrong-quantities.ts';

const claims = (storage: unknown) => [
  { metadata: { name: 'data' }, spec: { resources: { requests: { storage } } } },
];
const told = (spec: object) =>
  wrongQuantities(makeResource(spec).spec).map(({ message }) => message);
const corrected = (storage: unknown) =>
  /: write (.*)$/.exec(told({ volumeClaimTemplates: claims(storage) })[0] ?? '')?.[1];

it.each([
  ['1GB', '1Gi'],
  ['1gb', '1Gi'],
  ['1 GiB', '1Gi'],
  ['1.5g', '1.5Gi'],
  ['64K', '64Ki'],
  ['10 Gi', '10Gi'],
  ['500 m', '500m'],
  ['much', 'a number with a unit of Kubernetes, such as 1Gi, 500Mi or 100m'],
  [true, 'a number with a unit of Kubernetes, such as 1Gi, 500Mi or 100m'],
])('%s is corrected to %s', (wrong, right) => {
  expect(corrected(wrong)).toBe(right);
});

it.each(['1Gi', '1.5G', '100m', '1e3', '1E', '.5', '0', 1, 0.5, null])('%s is taken', (value) => {
  expect(corrected(value)).toBeUndefined();
});

it('each quantity of the spec is named with its path', () => {
  const resources = { requests: { cpu: '1 core', memory: '1Gi' }, limits: { memory: '1GB' } };
  const volumes = [{ name: 'tmp', emptyDir: { sizeLimit: '1mb' } }];
  const template = {
    spec: { containers: [{ name: 'web', image: 'nginx', resources }], volumes },
  };
  const agent = { resources: { limits: { memory: '128MB' } } };
  expect(told({ template, agent }).map((message) => message.split(': ')[0])).toEqual([
    'spec.template.spec.containers[0].resources.requests.cpu',
    'spec.template.spec.containers[0].resources.limits.memory',
    'spec.template.spec.volumes[0].emptyDir.sizeLimit',
    'spec.agent.resources.limits.memory',
  ]);
});

describe('a size that is none', () => {
  const wrong =
    'spec.volumeClaimTemplates[0].spec.resources.requests.storage: "1GB" is no quantity';

  it('is told at once of a service that runs', () => {
    const { resource, members } = running({ volumeClaimTemplates: claims('1GB') });
    const { status } = decide(resource, makeObserved(members), t0);
    expect(status).toMatchObject({ phase: 'Degraded', reason: 'TemplateRefused' });
    const message = status.conditions?.find(({ type }) => type === 'Degraded')?.message;
    expect(message).toContain(wrong);
  });

  it('is told in place of the words of the API server, and other refusals are told', () => {
    const { resource, members } = running({ volumeClaimTemplates: claims('1GB') });
    const failure = (message: string) => ({ what: 'create Pod web-3', reason: 'Invalid', message });
    const raw = "quantities must match the regular expression '^([+-]?[0-9.]+)$'";
    const failures = [failure(raw), failure('image: Required value')];
    const reasons = degradedReasonsOf(resource, makeObserved(members, { failures }), t0);
    const messages = reasons.map(({ message }) => message).join('\n');
    expect(messages).toContain(wrong);
    expect(messages).toContain('image: Required value');
    expect(messages).not.toContain('regular expression');
  });
});
