import { expect, it } from 'vitest';
import { conditionOf } from './events.ts';
import { decide } from '../decide.ts';
import { makeObserved, running, t0 } from '../testing/fixtures.ts';

it('does not say that a pod is replaced while no pod can be made', () => {
  const { resource, members } = running({ engine: { type: 'HTTP' } });
  const outdated = members.map((member) => ({ ...member, templateHash: 'old' }));
  const progress = (consistency: 'Eventual' | 'Strong') => {
    const failover = { ...resource.spec.failover, consistency };
    const changed = { ...resource, spec: { ...resource.spec, failover }, agentImage: 'agent:1' };
    const { status } = decide(changed, makeObserved(outdated), t0);
    return conditionOf(status, 'Progressing')?.message;
  };
  expect(progress('Eventual')).toMatch(/^deleting web-2: /);
  // The template has no command, which the agent needs.
  expect(progress('Strong')).toMatch(/^3 of 3 members still run by the former spec/);
});
