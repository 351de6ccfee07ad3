import { describe, expect, it } from 'vitest';
import { contactOf, takesNoOrders } from '../model/contact.ts';
import { makeResource } from '../testing/fixtures.ts';
import { asList, asUnstructured } from '../model/unstructured.ts';
import { agentOf } from './agent-settings.ts';
import { desiredPod } from './pod.ts';

const redis = {
  ...makeResource({ topology: 'LeaderFollower', engine: { type: 'Redis' } }),
  agentImage: 'operator:1',
};
const podSpec = (resource: typeof redis) =>
  asUnstructured(desiredPod(resource, 1, 'standby')['spec']);
const strong = {
  ...redis,
  spec: makeResource({
    failover: { consistency: 'Strong' },
    template: { spec: { containers: [{ name: 'a', command: ['run'] }] } },
  }).spec,
};

/** The pod with other settings of its agent. */
function withSettings(change: object | string) {
  const pod = podSpec(strong);
  const [program = {}, ...others] = asList(pod['containers']);
  const env = asList(program['env']).map((variable) => {
    if (variable['name'] !== 'HASERVICE_AGENT') return variable;
    const settings = JSON.parse(String(variable['value'])) as object;
    const value = typeof change === 'string' ? change : JSON.stringify({ ...settings, ...change });
    return { ...variable, value };
  });
  return { ...pod, containers: [{ ...program, env }, ...others] };
}

describe('the agent of a pod', () => {
  it('is found in whichever container it is: a webhook may put its own container first', () => {
    const pod = podSpec(redis);
    const meshed = { ...pod, containers: [{ name: 'istio-proxy' }, ...asList(pod['containers'])] };
    expect(agentOf(pod).agentPort).toBe(8990);
    expect(agentOf(meshed)).toEqual(agentOf(pod));
  });

  it('is unseen if somebody has removed its settings: the member is not asked, and counts as no member of earlier times', () => {
    const pod = podSpec(redis);
    const made = agentOf({ ...pod, containers: [{ name: 'redis' }] });
    expect(made).toEqual({ isAgentUnseen: true });
    expect(contactOf(redis.spec, made).port).toBeUndefined();
    expect(takesNoOrders(redis.spec, made)).toBe(false);
  });

  it.each<[string, object | string]>([
    ['no JSON', '{'],
    ['a lease of no time', { leaseMs: 0 }],
    ['a negative lease', { leaseMs: -5 }],
    ['a lease that is no number', { leaseMs: '10s' }],
    ['a lease for which heartbeats would come each millisecond', { leaseMs: 3 }],
    ['no port', { agentPort: 0 }],
    ['a port that does not exist', { agentPort: 70_000 }],
  ])('is unseen if its settings have %s', (_what, change) => {
    expect(agentOf(withSettings({}))).toMatchObject({ agentPort: 8990, leaseMs: 10_000 });
    expect(agentOf(withSettings(change))).toEqual({ isAgentUnseen: true });
  });

  it('is not there if only its variable is: a user has copied that from another pod', () => {
    const [{ env = [] } = {}] = asList(podSpec(strong)['containers']);
    expect(agentOf({ containers: [{ name: 'nginx', command: ['nginx'], env }] })).toEqual({});
  });
});
