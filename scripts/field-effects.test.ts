import { describe, expect, it } from 'vitest';
import { type Spec, specSchema } from '../src/api/spec.ts';
import { templateAnnotations, isFromTemplate } from '../src/core/resources/pod.ts';
import { contractOf, hasOtherContract } from '../src/core/model/contact.ts';
import { agentPort, usesAgent } from '../src/core/model/capabilities.ts';
import type { Member } from '../src/core/model/observed.ts';
import { templateHashAnnotation, templateMeaningAnnotation } from '../src/api/labels.ts';
import { specFields } from './fields.ts';

/*
 * docs/fields.md says when a change of each field takes effect. Here the code is asked: would a member that was made before the change
 * be replaced?
 */

type Json = Record<string, unknown>;

const template = {
  spec: { containers: [{ name: 'sidecar' }, { name: 'program', command: ['/program'] }] },
};
const claims = [
  { metadata: { name: 'files' }, spec: { resources: { requests: { storage: '1Gi' } } } },
];
const chaos = {
  blackouts: [{ from: '20:00', to: '21:00' }],
  steadyState: { service: 'web', port: 8000 },
};
const common = {
  chaos,
  ports: [{ port: 8000 }],
  template,
  volumeClaimTemplates: claims,
  agent: {},
};
/** Clients and the operator reach the pods at another port than that of the Services. */
const apart = { ...common, ports: [{ port: 8000, targetPort: 9000 }] };
const leader = { ...common, topology: 'LeaderFollower' };
const exec = { status: ['/status'] };

/** Services in which each field has a meaning. */
const bases: Json[] = [
  { ...common, engine: { type: 'TCP', tcp: { send: 'a', expect: 'b' } } },
  { ...common, engine: { type: 'HTTP', promote: { path: '/p' }, demote: { path: '/d' } } },
  { ...common, engine: { type: 'HTTP' }, failover: { consistency: 'Strong' } },
  { ...common, engine: { type: 'GRPC' } },
  { ...apart, engine: { type: 'HTTP', port: 9000 } },
  { ...leader, engine: { type: 'HTTP' } },
  { ...leader, engine: { type: 'Exec', exec } },
  ...['Redis', 'Postgres'].map((type) => ({
    ...leader,
    engine: { type, passwordSecret: { name: 'secret' }, tls: { secretName: 'tls' } },
  })),
];

/** A copy in which the field at this path is set; in the first entry of a list. */
function withField(value: unknown, [first = '', ...rest]: string[], example: unknown): unknown {
  const name = first.replace('[]', '');
  const object = { ...(value as Json | undefined) };
  if (rest.length === 0) return { ...object, [name]: example };
  if (!first.endsWith('[]')) return { ...object, [name]: withField(object[name], rest, example) };
  const [entry, ...others] = (object[name] ?? []) as unknown[];
  return { ...object, [name]: [withField(entry, rest, example), ...others] };
}

function isReplaced(before: Spec, after: Spec): boolean {
  const annotations = templateAnnotations(before);
  const member = {
    templateHash: annotations[templateHashAnnotation],
    templateMeaning: annotations[templateMeaningAnnotation],
    contract: contractOf(before),
    ...(usesAgent(before) ? { agentPort: agentPort(before) } : {}),
  } as Member;
  return !isFromTemplate(after, member) || hasOtherContract(after, member);
}

/** A rule of the CRD that zod does not know: some fields belong to one engine.type. */
const isMeant = (path: string, { engine }: Spec): boolean => {
  const [, word = ''] = /^engine\.(tcp|http|grpc|exec|promote|demote)\b/.exec(path) ?? [];
  if (word === 'promote' || word === 'demote') return ['TCP', 'HTTP'].includes(engine.type);
  return word === '' || engine.type.toLowerCase() === word;
};

/** The page says in a note when one of these replaces members as well. */
const sometimes = ['topology', 'failover.consistency', 'ports[].port', 'ports[].protocol'];

describe('what docs/fields.md says of a change is what the operator does', () => {
  const leaves = specFields().filter(({ isLeaf }) => isLeaf);
  it.each(leaves.map((field) => [field.path, field] as const))('%s', (path, field) => {
    const replaced = bases.map((base) => {
      const before = specSchema.parse(base);
      // Names of the examples that exist in these templates.
      const example = path === 'engine.container' ? 'program' : field.example;
      const after = specSchema.safeParse(withField(base, path.split('.'), example));
      return after.success && isMeant(path, before) && isReplaced(before, after.data);
    });
    const isRolling = field.change?.effect === 'RollingUpdate';
    if (!sometimes.includes(path)) expect(replaced.some(Boolean)).toBe(isRolling);
    else expect(replaced).toEqual(expect.arrayContaining([true, false]));
  });
});
