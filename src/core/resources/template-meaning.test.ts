import { describe, expect, it } from 'vitest';
import { hasOtherContract } from '../model/contact.ts';
import { makeMember, makeObserved, makeResource, running, t0 } from '../testing/fixtures.ts';
import { decide } from '../decide.ts';
import { annotateTemplate } from './owned-object-actions.ts';
import { desiredPod, isOutdated } from './pod.ts';

/** Whether a pod that was made from one spec is outdated by the other. */
function outdates(before: object, after: object): boolean {
  const made = makeResource(before);
  const contract = JSON.parse(
    desiredPod(made, 0, 'standby').metadata.annotations?.['haservice.dev/contract'] ?? '',
  ) as object;
  return isOutdated(makeResource(after), makeMember(made, 0, { contract } as object));
}
const pod = (spec: object, container: object = {}, more: object = {}) => ({
  template: { spec: { containers: [{ name: 'c', image: 'c:1', ...container }], ...spec } },
  ...more,
});
const container = (fields: object) => pod({}, fields);
const resources = (requests: object, limits?: object) =>
  container({ resources: { requests, ...(limits === undefined ? {} : { limits }) } });
const volume = (source: object) => pod({ volumes: [{ name: 'v', ...source }] });
const exec = (commands: object, engine: object = {}) =>
  pod(
    {},
    { command: ['x'] },
    {
      topology: 'LeaderFollower',
      engine: { type: 'Exec', exec: { status: ['s'], ...commands }, ...engine },
    },
  );

const install = (requests: object, base: object = exec({})) => ({
  ...base,
  agent: { resources: { requests } },
});

describe('nothing restarts for another text of the same meaning', () => {
  it.each<[what: string, before: object, after: object]>([
    ['100m of a processor', resources({ cpu: '100m' }), resources({ cpu: '0.1' })],
    ['a number', resources({ cpu: 2 }), resources({ cpu: '2' })],
    ['memory', resources({ memory: '1Gi' }), resources({ memory: '1024Mi' })],
    [
      'requests that are the limits',
      resources({}, { cpu: 1, memory: '1Gi' }),
      resources({ cpu: '1000m', memory: '1024Mi' }, { cpu: 1, memory: '1Gi' }),
    ],
    [
      'a size',
      volume({ emptyDir: { sizeLimit: '1Gi' } }),
      volume({ emptyDir: { sizeLimit: '1024Mi' } }),
    ],
    ['minZones', pod({}), pod({}, {}, { placement: { zones: { minZones: 2 } } })],
    [
      'minZones that the scheduler knows',
      pod({}, {}, { placement: { zones: { whenUnsatisfiable: 'DoNotSchedule' } } }),
      pod({}, {}, { placement: { zones: { whenUnsatisfiable: 'DoNotSchedule', minZones: 3 } } }),
    ],
    ['an empty list', pod({}), pod({ tolerations: [], volumes: [], imagePullSecrets: [] })],
    ['an empty map', pod({}), pod({ nodeSelector: {}, affinity: { podAffinity: {} } })],
    ['null', container({}), container({ resources: null, env: null })],
    [
      'empty objects',
      container({}),
      container({ resources: { requests: {} }, securityContext: {} }),
    ],
    [
      'no labels',
      pod({}),
      { template: { ...pod({}).template, metadata: { labels: {}, creationTimestamp: null } } },
    ],
    ['order of keys', pod({ a: 1, b: 2 }), pod({ b: 2, a: 1 })],
    [
      'TCP',
      container({ ports: [{ containerPort: 80 }] }),
      container({ ports: [{ containerPort: 80, protocol: 'TCP' }] }),
    ],
    [
      'defaults of a probe',
      container({ readinessProbe: { httpGet: { port: 80 } } }),
      container({
        readinessProbe: {
          ...{ httpGet: { port: 80, path: '/', scheme: 'HTTP' }, periodSeconds: 10 },
          ...{ timeoutSeconds: 1, failureThreshold: 3, successThreshold: 1 },
        },
      }),
    ],
    [
      'defaults of a pod',
      pod({}),
      pod({
        restartPolicy: 'Always',
        dnsPolicy: 'ClusterFirst',
        terminationGracePeriodSeconds: 30,
      }),
    ],
    [
      'the mode of a file',
      volume({ secret: { secretName: 's' } }),
      volume({ secret: { secretName: 's', defaultMode: 420 } }),
    ],
    ['an emptyDir', volume({}), volume({ emptyDir: {} })],
    ['IfNotPresent', container({}), container({ imagePullPolicy: 'IfNotPresent' })],
    [
      'Always',
      container({ image: 'r:5000/c' }),
      container({ image: 'r:5000/c', imagePullPolicy: 'Always' }),
    ],
    [
      'the path of the health check',
      pod({}),
      pod({}, {}, { engine: { type: 'HTTP', http: { path: '/' } } }),
    ],
    [
      'the timeout and the port of a hook',
      pod({}, {}, { engine: { type: 'HTTP', promote: { path: '/p' } } }),
      pod(
        {},
        {},
        { engine: { type: 'HTTP', promote: { path: '/p', port: 80, timeout: '2000ms' } } },
      ),
    ],
    ['the timeout of a command', exec({}), exec({ timeout: '5000ms' })],
    ['resources of the agent', install({ cpu: '100m' }), install({ cpu: 0.1 })],
    [
      'resources of an agent that there is not',
      pod({}),
      { ...pod({}), ...install({ cpu: 1 }, {}) },
    ],
    [
      'ports and folder of an engine',
      exec({}),
      exec({}, { port: 80, agentPort: 8990, dataDir: '/data' }),
    ],
  ])('%s', (_, before, after) => {
    expect(outdates(before, after)).toBe(false);
    expect(outdates(after, before)).toBe(false);
  });
});

describe('every member is replaced for another meaning', () => {
  const selecting = (labelSelector?: object) =>
    pod({
      topologySpreadConstraints: [{ topologyKey: 'rack', ...(labelSelector && { labelSelector }) }],
    });
  it.each<[what: string, before: object, after: object]>([
    ['quantities', resources({ cpu: '100m' }), resources({ cpu: '100' })],
    ['limits', resources({ cpu: 1 }, { cpu: 1 }), resources({ cpu: 1 })],
    ['labels', labelled({ size: '1Gi' }), labelled({ size: '1024Mi' })],
    ['an empty label', labelled({ a: '' }), labelled({})],
    ['a selector of all', selecting(), selecting({})],
    ['another source', volume({}), volume({ projected: {} })],
    ['a security context', container({}), container({ securityContext: { runAsNonRoot: false } })],
    ['a grace period', pod({}), pod({ terminationGracePeriodSeconds: 0 })],
    ['order of a list', container({ args: ['a', 'b'] }), container({ args: ['b', 'a'] })],
    ['pull policy', container({ image: 'c' }), container({ image: 'c', imagePullPolicy: 'Never' })],
    [
      'policy of a digest',
      container({ image: 'c@sha256:1' }),
      container({ image: 'c@sha256:1', imagePullPolicy: 'Always' }),
    ],
    ['placement', pod({}), pod({}, {}, { placement: { nodes: 'Required' } })],
    ['the folder of the data', exec({}), exec({}, { dataDir: '/d' })],
    ['resources of the agent', install({ cpu: '100m' }), install({ cpu: '200m' })],
    ['resources of the agent at all', exec({}), install({ cpu: '200m' })],
    ['a path', pod({}), pod({}, {}, { engine: { type: 'HTTP', http: { path: '/health' } } })],
  ])('%s', (_, before, after) => {
    expect(outdates(before, after)).toBe(true);
    expect(outdates(after, before)).toBe(true);
  });
});

function labelled(labels: object) {
  return { template: { ...pod({}).template, metadata: { labels } } };
}

it('the port of a hook is that of the program by default, in pods of any version', () => {
  const hook = (more: object) =>
    makeResource({ engine: { type: 'HTTP', promote: { path: '/p', ...more } } }).spec;
  const contract = {
    probePort: 80,
    ports: [{ port: 80, targetPort: 80, protocol: 'TCP' as const }],
    health: { type: 'HTTP' as const },
    hooks: { promote: { path: '/p', timeout: '2s' } },
  };
  expect(hasOtherContract(hook({ port: 80 }), { contract })).toBe(false);
  expect(hasOtherContract(hook({ port: 81 }), { contract })).toBe(true);
  expect(hasOtherContract(hook({ timeout: '3s' }), { contract })).toBe(true);
});

describe('what a pod says of its template', () => {
  const { resource, members } = running(resources({ cpu: '100m' }));
  const edited = { ...resource, spec: makeResource(resources({ cpu: '0.1' })).spec };

  it('becomes the present text, so that another version of the operator restarts nothing either', () => {
    const [first] = annotateTemplate(edited, members);
    expect(first).toMatchObject({ type: 'AnnotatePod', member: { name: 'web-0' } });
    const annotations = first?.type === 'AnnotatePod' ? first.annotations : {};
    const made = desiredPod(edited, 0, 'primary').metadata.annotations;
    expect(made).toMatchObject(annotations);
    const after = members.map((member) => ({
      ...member,
      templateHash: annotations['haservice.dev/template-hash'] ?? '',
      templateMeaning: annotations['haservice.dev/template-meaning'] ?? '',
    }));
    expect(annotateTemplate(edited, after)).toEqual([]);
  });

  it('is added to pods of earlier versions, which are made from the present text', () => {
    const earlier = members.map(({ templateMeaning: _, ...member }) => member);
    expect(annotateTemplate(resource, earlier)).toHaveLength(3);
    expect(earlier.some((member) => isOutdated(resource, member))).toBe(false);
    // Nothing is known of what the text of those meant.
    expect(annotateTemplate(edited, earlier)).toEqual([]);
    expect(earlier.every((member) => isOutdated(edited, member))).toBe(true);
  });

  it('is not believed if somebody has changed the hash beside it: such a pod was always replaced', () => {
    const [first] = members.map((member) => ({ ...member, templateHash: 'by hand' }));
    expect(first && isOutdated(resource, first)).toBe(true);
  });

  it('is written by the decision, and then nothing is left to do', () => {
    const types = (spec: typeof resource) =>
      decide(spec, makeObserved(members), t0).actions.map(({ type }) => type);
    expect(types(edited)).toContain('AnnotatePod');
    expect(types(edited)).not.toContain('DeletePod');
    expect(types(resource)).not.toContain('AnnotatePod');
  });
});
