import { describe, expect, it } from 'vitest';
import { agentConfig } from '../resources/agent-pod.ts';
import { desiredPod, isOutdated, templateHash } from '../resources/pod.ts';
import { degradedReasonsOf } from '../status/degraded-reasons.ts';
import { makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { whyAmbiguous } from './program.ts';

const sidecar = { name: 'proxy', image: 'envoy:1', args: ['--proxy'] };
const database = { name: 'redis', image: 'docker.io/library/redis:8', args: ['--db'] };

const make = (containers: object[], engine: object = {}, more: object = {}) =>
  makeResource({
    topology: 'LeaderFollower',
    ports: [{ port: 6379 }],
    engine: { type: 'Redis', ...engine },
    template: { spec: { containers } },
    ...more,
  });

describe('engine.container', () => {
  it('names the container in which the agent starts the program; the others run as they are', () => {
    const resource = make([sidecar, database], { container: 'redis' });
    expect(agentConfig(resource.spec)).toMatchObject({ args: ['--db'] });
    // Agents of any version take what they are told.
    expect(agentConfig(resource.spec).engine).not.toHaveProperty('container');
    const { containers } = desiredPod(resource, 0, 'primary')['spec'] as {
      containers: { name: string; command?: string[]; readinessProbe?: object }[];
    };
    expect(containers.map(({ name }) => name)).toEqual(['proxy', 'redis']);
    expect(containers[0]).toEqual(sidecar);
    expect(containers[1]?.command?.[0]).toBe('/haservice/lib/ld.so');
    expect(containers[1]).toHaveProperty('readinessProbe');
  });

  it('is the first one by default: to write that down restarts nothing, to name another one replaces each member', () => {
    const named = (container?: string) =>
      make(
        [database, { ...database, name: 'other' }],
        container === undefined ? {} : { container },
      );
    const member = makeMember(named(), 0);
    expect(templateHash(named('redis').spec)).toBe(templateHash(named().spec));
    expect(isOutdated(named('redis'), member)).toBe(false);
    expect(isOutdated(named('other'), member)).toBe(true);
  });

  it('means nothing if there is no agent', () => {
    const plain = (container: object) =>
      make([sidecar, database], { type: 'HTTP', ...container }, { topology: 'ActivePassive' });
    expect(isOutdated(plain({ container: 'redis' }), makeMember(plain({}), 0))).toBe(false);
  });
});

describe('several containers of which none is named', () => {
  const why = (containers: object[], engine: object = {}, more: object = {}) =>
    whyAmbiguous(make(containers, engine, more).spec);
  const withPort = (container: object, containerPort: number) => ({
    ...container,
    ports: [{ containerPort }],
  });
  const exec = { type: 'Exec', exec: { status: ['s'] } };

  it.each<[what: string, containers: object[], engine?: object]>([
    ['there is one', [sidecar]],
    ['one is named', [sidecar, database], { container: 'proxy' }],
    ['the image of the first one tells', [database, sidecar]],
    [
      'what runs beside the program has its name in its image',
      [database, { name: 'metrics', image: 'oliver006/redis_exporter' }],
    ],
    ['the port of the first one tells', [withPort(sidecar, 6379), sidecar], exec],
    ['the port tells, whatever the images', [withPort(sidecar, 6379), database]],
  ])('are no doubt if %s', (_, containers, engine) => {
    expect(why(containers, engine)).toBeUndefined();
  });

  it.each<[what: string, containers: object[], engine: object, words: RegExp]>([
    [
      'the image of another one tells',
      [sidecar, database],
      {},
      /containers proxy, redis, and container redis has the image docker.*write engine.container: redis/,
    ],
    [
      'the port of another one tells',
      [sidecar, withPort({ name: 'db', image: 'x' }, 6379)],
      exec,
      /container db has port 6379.*first one, proxy: write engine.container: db, or/,
    ],
    [
      'nothing tells',
      [sidecar, { name: 'b', image: 'b' }],
      exec,
      /neither their ports nor their images tell.*write engine.container: proxy, or/,
    ],
    ['two have the image', [database, { ...database, name: 'r2' }], {}, /neither their ports/],
  ])('are told if %s', (_, containers, engine, words) => {
    const resource = make(containers, engine);
    const told = degradedReasonsOf(resource, makeObserved([]), t0).find(
      ({ reason }) => reason === 'ContainerAmbiguous',
    );
    expect(told?.message).toMatch(words);
  });
});
