import * as z from 'zod';
import { cel } from './cel.ts';
import { chaosSchema } from './chaos-spec.ts';
import { ifDurations } from './duration.ts';
import { engineSchema, portNumber } from './engine-spec.ts';
import { failoverSchema, heartbeatSchema } from './failover-spec.ts';
import { inheritSchema } from './inherit-spec.ts';
import { placementSchema } from './placement-spec.ts';
import { plannedChangesSchema } from './planned-changes-spec.ts';
import { servicesSchema } from './services-spec.ts';
import {
  agentSchema,
  templateSchema,
  volumeClaimRetentionPolicy,
  volumeClaimTemplate,
} from './template-spec.ts';
import { example, takesEffect } from './field-notes.ts';

const port = z
  .object({
    name: z
      .string()
      .max(15)
      .regex(/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/)
      .optional()
      .meta({
        description: 'Name of the port. Required if there is more than one.',
        ...example('http'),
      }),
    port: portNumber.meta({
      description: 'Port that the Services offer.',
      ...example(80, {
        effect: 'AtOnce',
        note: 'Without targetPort it is also the port of the pods: see there.',
      }),
    }),
    targetPort: z
      .union([portNumber, z.string().min(1).max(15)])
      .optional()
      .meta({
        description: 'Port of the pods, by number or by container port name. Default: port.',
        ...example(8080, {
          effect: 'RollingUpdate',
          note: 'Each Service leads to the port on which a member listens, so that no member is cut off meanwhile.',
        }),
        // The CRD allows any number and any text here.
        ...cel({
          rule: 'type(self) == int ? self >= 1 && self <= 65535 : self.size() >= 1 && self.size() <= 15',
          message:
            'targetPort is a number from 1 to 65535, or the name of a container port, which has at most 15 characters; write for example 8080 or http',
        }),
      }),
    protocol: z
      .enum(['TCP', 'UDP', 'SCTP'])
      .default('TCP')
      .meta({
        description: 'Protocol of the port: TCP (default), UDP or SCTP.',
        ...example('UDP'),
      }),
  })
  .meta({ description: 'One port that the Services offer.' });

export const specSchema = z
  .object({
    topology: z
      .enum(['ActivePassive', 'ActiveActive', 'LeaderFollower'])
      .default('ActivePassive')
      .meta({
        description:
          'ActivePassive: one primary takes the traffic of the Service NAME, the others stand by. ActiveActive: every healthy member takes traffic. LeaderFollower: as ActivePassive, and the others replicate from the primary.',
        ...example('ActiveActive', {
          effect: 'AtOnce',
          note: 'If consistency is Strong, ActivePassive has the agent in its pods: then by a rolling update.',
          refused: 'To or from LeaderFollower, also while no member runs.',
        }),
      }),
    replicas: z
      .int()
      .min(0)
      .max(100)
      .default(3)
      .meta({
        description: 'How many members to keep.',
        ...example(5, {
          effect: 'AtOnce',
          note: 'Members are added or removed; their claims are kept, if volumeClaimRetentionPolicy.whenScaled says nothing else.',
        }),
      }),
    ports: z
      .array(port)
      .min(1)
      .max(20)
      .meta({
        description: 'Ports that the Services offer.',
        ...takesEffect({
          effect: 'AtOnce',
          note: 'A change of the port of the pods that is probed (engine.port, or the target of the first TCP port) replaces the members one by one.',
        }),
      }),
    services: servicesSchema.optional(),
    inherit: inheritSchema.optional(),
    engine: engineSchema,
    template: templateSchema,
    agent: agentSchema.optional(),
    volumeClaimTemplates: z
      .array(volumeClaimTemplate)
      .max(10)
      .default([])
      .meta({
        description:
          'A volume for each member, as in a StatefulSet: claim NAME-POD, mounted by each container that names it. Claims are kept when the HAService is deleted, if volumeClaimRetentionPolicy says nothing else.',
        ...takesEffect({
          effect: 'RollingUpdate',
          note: 'A volume that is added or removed replaces the members one by one.',
        }),
      }),
    volumeClaimRetentionPolicy: volumeClaimRetentionPolicy.optional(),
    placement: placementSchema.prefault({}),
    heartbeat: heartbeatSchema.prefault({}),
    failover: failoverSchema.prefault({}),
    plannedChanges: plannedChangesSchema.optional(),
    chaos: chaosSchema.optional(),
    paused: z
      .boolean()
      .default(false)
      .meta({
        description:
          'If true, the operator changes nothing: no failover, no new pods; only volumeClaimRetentionPolicy.whenDeleted: Retain takes effect all the same. It still watches the service and reports Paused.',
        ...example(true, { effect: 'AtOnce' }),
      }),
  })
  .meta({
    description: 'What the service should be.',
    ...cel(
      {
        rule: 'self.ports.size() == 1 || self.ports.all(p, has(p.name))',
        message: 'with more than one port each needs a name; add name: to every entry of ports',
      },
      {
        rule: 'self.ports.all(p, !has(p.name) || self.ports.exists_one(q, has(q.name) && q.name == p.name))',
        message: 'port names must differ; give every entry of ports a name of its own',
      },
      {
        rule: "self.ports.all(p, self.ports.exists_one(q, q.port == p.port && (has(q.protocol) ? q.protocol : 'TCP') == (has(p.protocol) ? p.protocol : 'TCP')))",
        message:
          'two entries of ports offer the same port and protocol; remove one or change its port',
      },
      {
        rule: "self.ports.exists(p, !has(p.protocol) || p.protocol == 'TCP') || has(self.engine.port)",
        message: 'no port is TCP; set engine.port to a TCP port that can be probed',
      },
      {
        rule: "self.topology != 'ActiveActive' || !(self.engine.type in ['Exec', 'Redis', 'Postgres'])",
        message:
          'engine.type Exec, Redis and Postgres need a primary; set topology: LeaderFollower',
      },
      {
        rule: "self.topology != 'LeaderFollower' || self.engine.type != 'TCP'",
        message:
          'engine.type TCP cannot tell a member whom to follow; write type: HTTP, GRPC, Exec, Redis or Postgres',
      },
      {
        rule: "!(self.engine.type in ['Redis', 'Postgres']) || self.topology == 'LeaderFollower'",
        message: 'engine.type Redis and Postgres replicate; set topology: LeaderFollower',
      },
      {
        rule: '!has(self.engine.container) || self.template.spec.containers.exists(c, has(c.name) && c.name == self.engine.container)',
        message:
          'engine.container names no container of spec.template; write the name of the container with the program, or remove engine.container to take the first one',
      },
      {
        rule: `self.failover.consistency != 'Strong' || ${ifDurations(['self.failover.leaseDuration', 'self.heartbeat.timeout'], 'duration(self.failover.leaseDuration) > duration(self.heartbeat.timeout)')}`,
        message:
          'failover.leaseDuration must be longer than heartbeat.timeout; write for example timeout: 2s and leaseDuration: 10s',
      },
      {
        rule: "self.engine.type == oldSelf.engine.type || !(self.engine.type in ['Redis', 'Postgres', 'Exec']) && !(oldSelf.engine.type in ['Redis', 'Postgres', 'Exec'])",
        message:
          'engine.type cannot be changed to or from Redis, Postgres or Exec: the data would not fit; set it back, and write another HAService',
      },
      {
        rule: "self.topology == oldSelf.topology || self.topology != 'LeaderFollower' && oldSelf.topology != 'LeaderFollower'",
        message:
          'topology cannot be changed to or from LeaderFollower: members that replicate and members that do not would lose data to each other; set it back, and write another HAService',
      },
      {
        rule: "!has(self.chaos) || self.topology != 'ActiveActive' || self.chaos.target.role == 'Any'",
        message:
          'ActiveActive has no primary and no standbys; remove chaos.target.role, or write role: Any',
      },
      {
        rule: "self.topology != 'ActiveActive' || !has(self.failover.neverPrimary)",
        message:
          'ActiveActive has no primary; remove failover.neverPrimary, or write topology: ActivePassive',
      },
      {
        rule: '!has(self.failover.neverPrimary) || !has(self.failover.neverPrimary.ordinals) || self.replicas == 0 || self.failover.neverPrimary.ordinals.filter(o, o < self.replicas).size() < self.replicas',
        message:
          'failover.neverPrimary.ordinals names all members, from 0 to replicas - 1, so that none could lead; remove one of them, or raise replicas',
      },
      {
        rule: '!has(self.placement.zones.minZones) || self.replicas == 0 || self.placement.zones.minZones <= self.replicas',
        message:
          'placement.zones.minZones is greater than replicas; raise replicas or lower minZones',
      },
    ),
  });

export type Spec = z.output<typeof specSchema>;
