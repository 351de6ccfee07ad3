import { expect, it } from 'vitest';
import { makeResource } from '../testing/fixtures.ts';
import { writeFailureDegradedReason } from './write-failures.ts';

const refusalOf = (
  message: string,
  spec: object = { engine: { type: 'Redis' } },
  what = 'create Pod web-0',
) => writeFailureDegradedReason(makeResource(spec).spec, { what, reason: 'Forbidden', message });

const quota = 'pods "web-0" is forbidden: failed quota: q: must specify';
const either =
  /or correct the resources of your containers in spec\.template, or of the init container haservice-agent, which spec\.agent\.resources sets$/;

it.each([
  // The words of Kubernetes.
  [
    'a LimitRange, which names no container',
    'pods "web-0" is forbidden: minimum cpu usage per Container is 100m, but request is 10m',
    either,
  ],
  [
    'a ratio of a LimitRange',
    'pods "web-0" is forbidden: cpu max limit to request ratio per Container is 2, but provided ratio is 10.000000',
    either,
  ],
  [
    'a sum of a quota',
    'pods "web-0" is forbidden: exceeded quota: q, requested: limits.memory=128Mi, used: limits.memory=0, limited: limits.memory=100Mi',
    either,
  ],
  [
    'a quota that asks for fields of the agent alone',
    `${quota} limits.cpu for: haservice-agent; requests.cpu for: haservice-agent`,
    /or correct spec\.agent\.resources$/,
  ],
  [
    'a quota that asks for fields of both',
    `${quota} limits.cpu for: haservice-agent,web; limits.memory for: web`,
    either,
  ],
  [
    'a quota that asks for fields of the others',
    `${quota} limits.cpu for: web; limits.memory for: log,web`,
    /or correct spec\.template$/,
  ],
  [
    'a quota of pods',
    'pods "web-0" is forbidden: exceeded quota: q, requested: pods=1, used: pods=3, limited: pods=3',
    /or correct spec\.template$/,
  ],
  [
    'pod security',
    'pods "web-0" is forbidden: violates PodSecurity "restricted:latest": runAsNonRoot != true',
    /or correct spec\.template$/,
  ],
])('names the field of the container that is refused: %s', (_by, message, advice) => {
  expect(refusalOf(message)).toMatchObject({
    ...{ reason: 'WriteRefused', message: expect.stringMatching(advice) as string },
  });
});

it('does not name the agent where there is none', () => {
  const message = 'minimum cpu usage per Container is 100m, but request is 10m';
  expect(refusalOf(message, { engine: { type: 'HTTP' } }).message).toMatch(
    /correct spec\.template$/,
  );
  const claims = `POST /api/v1/namespaces/shop/persistentvolumeclaims: exceeded quota: q`;
  expect(refusalOf(claims).message).toMatch(/correct spec\.volumeClaimTemplates$/);
  const service = refusalOf('exceeded quota: q', {}, 'write Service web').message;
  expect(service).not.toContain('spec.agent');
});
