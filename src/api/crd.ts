import * as z from 'zod';
import { fieldNotesKey } from './field-notes.ts';
import { group } from './labels.ts';
import { specSchema } from './spec.ts';
import { statusSchema } from './status.ts';

type Json = Record<string, unknown>;

/** Keys that a structural schema may not have. */
const dropped = new Set(['$schema', 'propertyNames', fieldNotesKey]);

/**
 * A zod schema as structural OpenAPI v3 for a CustomResourceDefinition: integer-or-string and open objects become Kubernetes'
 * own extensions, and what is not allowed there is dropped. Below a list no default is left: the operator fills it in when it reads
 * the resource. The API server would write it into the stored list, and as `kubectl apply` replaces a list of a custom resource whole,
 * the same file would be "configured" each time.
 * Source of the rules: Kubernetes documentation, "Specifying a structural schema".
 */
function structural(schema: Json, isInList = false): Json {
  const out: Json = {};
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'additionalProperties') {
      if (isOpen(value) && 'type' in value && !('properties' in schema)) {
        out[key] = structural(value);
      } else if (typeof value === 'object' || value === true) {
        out['x-kubernetes-preserve-unknown-fields'] = true;
      }
    } else if (key === 'anyOf') {
      out['x-kubernetes-int-or-string'] = true;
    } else if (key === 'properties') {
      out[key] = Object.fromEntries(
        Object.entries(value as Json).map(([name, child]) => [
          name,
          structural(child as Json, isInList),
        ]),
      );
    } else if (key === 'items') {
      out[key] = structural(value as Json, true);
    } else if (!dropped.has(key) && !(key === 'default' && isInList)) {
      out[key] = value;
    }
  }
  // Of a string that a rule checks: a type and a pattern would be told in words that do not say what to write.
  if (out['x-kubernetes-int-or-string'] === true) {
    delete out['type'];
    delete out['pattern'];
  }
  if (isOpen(out['default']) && isOpen(out['properties'])) {
    out['default'] = { ...defaultsOf(out['properties']), ...out['default'] };
  }
  return out;
}

const isOpen = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** The API server checks CEL rules against a default without the defaults inside it: so they are written out here. */
const defaultsOf = (properties: Json): Json =>
  Object.fromEntries(
    Object.entries(properties).flatMap(([name, schema]) =>
      isOpen(schema) && 'default' in schema ? [[name, schema['default']]] : [],
    ),
  );

const toSchema = (schema: z.ZodType) =>
  structural(z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }));

/**
 * The spec alone is not enough: the pods of a service that is scaled down go on until the operator has deleted them. And a single
 * member would still be without TLS while others are added.
 */
const noMemberRuns =
  'oldSelf.spec.replicas == 0 && (!has(oldSelf.status) || !has(oldSelf.status.replicas) || oldSelf.status.replicas == 0)';
const stopFirst =
  'write replicas: 0, wait until status.replicas is 0, then apply this change, with as many replicas as you want';

/** The CustomResourceDefinition of HAService, made from the zod schemas. */
export function haServiceCrd(): Json {
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `haservices.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: {
        kind: 'HAService',
        listKind: 'HAServiceList',
        plural: 'haservices',
        singular: 'haservice',
        shortNames: ['has'],
        categories: ['all'],
      },
      versions: [
        {
          name: 'v1alpha1',
          served: true,
          storage: true,
          subresources: {
            status: {},
            scale: {
              specReplicasPath: '.spec.replicas',
              statusReplicasPath: '.status.replicas',
              labelSelectorPath: '.status.selector',
            },
          },
          additionalPrinterColumns: [
            { name: 'Topology', type: 'string', jsonPath: '.spec.topology' },
            {
              name: 'Primary',
              type: 'string',
              // While the service is stopped, status.primary remembers who led last.
              jsonPath: '.status.members[?(@.role=="primary")].pod',
            },
            { name: 'Ready', type: 'string', jsonPath: '.status.ready' },
            { name: 'Phase', type: 'string', jsonPath: '.status.phase' },
            { name: 'Reason', type: 'string', jsonPath: '.status.reason' },
            { name: 'Last-Failover', type: 'date', jsonPath: '.status.lastFailoverTime' },
            { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
            {
              name: 'Last-Chaos',
              type: 'string',
              jsonPath: '.status.chaos.lastVerdict',
              priority: 1,
            },
          ],
          schema: {
            openAPIV3Schema: {
              type: 'object',
              description:
                'HAService keeps a replicated workload highly available: it spreads the members over zones, probes them by heartbeats, and when the primary fails promotes a standby and repoints the Services.',
              required: ['spec'],
              properties: {
                apiVersion: { type: 'string' },
                kind: { type: 'string' },
                metadata: { type: 'object' },
                spec: toSchema(specSchema),
                status: toSchema(statusSchema),
              },
              'x-kubernetes-validations': [
                {
                  rule: "self.metadata.name.matches('^[a-z]([-a-z0-9]*[a-z0-9])?$') && self.metadata.name.size() <= 52",
                  message:
                    'metadata.name becomes the name of Services and pods: use at most 52 lower-case letters, digits and dashes, beginning with a letter',
                },
                {
                  rule: `has(self.spec.engine.tls) == has(oldSelf.spec.engine.tls) || ${noMemberRuns}`,
                  message: `engine.tls cannot be added or removed while members run: one with TLS and one without cannot replicate from each other; ${stopFirst}`,
                },
                {
                  rule: `self.spec.engine.type != 'Redis' || has(self.spec.engine.passwordSecret) == has(oldSelf.spec.engine.passwordSecret) || ${noMemberRuns}`,
                  message: `engine.passwordSecret of Redis cannot be added or removed while members run: one with a password and one without cannot replicate from each other; ${stopFirst}`,
                },
                {
                  // It can be added: as long as it is missing, no member gets any data.
                  rule: `self.spec.engine.type != 'Postgres' || has(self.spec.engine.passwordSecret) || !has(oldSelf.spec.engine.passwordSecret) || ${noMemberRuns}`,
                  message:
                    'engine.passwordSecret of Postgres cannot be removed while members run: the leader asks for the password, and a member without it cannot follow; write it as before, or name another Secret or key there to change the password',
                },
              ],
            },
          },
        },
      ],
    },
  };
}
