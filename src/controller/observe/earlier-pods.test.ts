import { describe, expect, it } from 'vitest';
import { toMember } from './pod-view.ts';
import { contactOf, hooksOf } from '../../core/model/contact.ts';
import { makeResource } from '../../core/testing/fixtures.ts';
import { isOutdated } from '../../core/resources/pod.ts';

const command = ['serve', '--fast'];
const template = { spec: { containers: [{ name: 'main', image: 'x', command }] } };
const web = '"ports":[{"port":80,"targetPort":80,"protocol":"TCP"}]';
const hook = { port: undefined, timeout: '2s' };

/** Pods as the operator made them when contracts had the ports and `replicationUser` alone. */
const pods = {
  'a website': {
    spec: {
      engine: {
        ...{ type: 'HTTP', http: { path: '/healthz' } },
        ...{ promote: { path: '/lead' }, demote: { path: '/stand-by' } },
      },
    },
    hash: 'f258ccb44182b4b5',
    contract: `{"probePort":80,${web}}`,
    contact: { port: 80, health: { type: 'HTTP', http: { path: '/healthz' } } },
    hooks: { promote: { ...hook, path: '/lead' }, demote: { ...hook, path: '/stand-by' } },
  },
  'a program with a lease': {
    spec: {
      template,
      engine: { type: 'TCP', tcp: { send: 'ping', expect: 'pong' } },
      failover: { consistency: 'Strong', leaseDuration: '20s' },
    },
    hash: '77f55e5e4cee11bc',
    contract: `{"probePort":80,${web}}`,
    agent:
      '{"service":"web","engine":{"type":"TCP","tcp":{"send":"ping","expect":"pong"}},"port":80,"agentPort":8990,"command":["serve","--fast"],"args":[],"leaseMs":20000}',
    contact: { port: 8990, transport: 'http', leaseMs: 20_000 },
  },
  'active members': {
    spec: { topology: 'ActiveActive', engine: { type: 'GRPC' } },
    hash: 'f258ccb44182b4b5',
    contract: `{"probePort":80,${web}}`,
    contact: { port: 80, health: { type: 'GRPC' } },
  },
  'a program with the member protocol': {
    spec: {
      topology: 'LeaderFollower',
      engine: { type: 'GRPC', port: 9000 },
      failover: { consistency: 'Strong' },
    },
    hash: 'f258ccb44182b4b5',
    contract: `{"probePort":9000,${web}}`,
    contact: { port: 9000, transport: 'grpc' },
  },
  'a database': {
    spec: {
      topology: 'LeaderFollower',
      ports: [{ port: 6379 }],
      engine: {
        ...{ type: 'Redis', agentPort: 8800, tls: { secretName: 'certs' } },
        passwordSecret: { name: 'db' },
      },
    },
    hash: '130d179070b87c32',
    contract:
      '{"probePort":6379,"ports":[{"port":6379,"targetPort":6379,"protocol":"TCP"}],"replicationUser":true}',
    agent:
      '{"service":"web","engine":{"type":"Redis","passwordSecret":{"name":"db","key":"password"},"tls":{"secretName":"certs"},"agentPort":8800},"port":6379,"agentPort":8800,"command":[],"args":[]}',
    contact: { port: 8800, transport: 'http' },
  },
  commands: {
    spec: {
      ...{ template, topology: 'LeaderFollower' },
      engine: { type: 'Exec', exec: { status: ['status'] } },
      failover: { consistency: 'Strong' },
    },
    hash: '5e5d3b7928e2f6d9',
    contract: `{"probePort":80,${web}}`,
    agent:
      '{"service":"web","engine":{"type":"Exec","exec":{"status":["status"],"timeout":"5s"}},"port":80,"agentPort":8990,"command":["serve","--fast"],"args":[],"leaseMs":10000}',
    contact: { port: 8990, transport: 'http', leaseMs: 10_000 },
  },
} satisfies Record<string, Fixture>;

interface Fixture {
  spec: object;
  hash: string;
  contract: string;
  agent?: string;
  contact: object;
  hooks?: object;
}

describe.each(Object.entries<Fixture>(pods))(
  'a pod that an earlier version has made: %s',
  (_name, { spec, hash, contract, agent, contact, hooks = {} }) => {
    const resource = makeResource(spec);
    const memberOf = (annotations: Record<string, string>) => {
      const env = agent === undefined ? [] : [{ name: 'HASERVICE_AGENT', value: agent }];
      const pod = {
        metadata: { name: 'web-0', uid: 'u', annotations },
        spec: { containers: [{ name: 'main', command: ['/haservice/lib/ld.so'], env }] },
      };
      const member = toMember({ name: 'web', topologyKey: 'zone' }, pod, undefined);
      if (member === undefined) throw new Error('no member');
      return member;
    };
    const annotations = { 'haservice.dev/template-hash': hash };

    it.each([
      ['with its contract', { ...annotations, 'haservice.dev/contract': contract }],
      ['without an annotation, as before there were contracts', annotations],
      [
        'with a contract that somebody has broken',
        { ...annotations, 'haservice.dev/contract': '{' },
      ],
    ])('is asked as it was, and is not replaced: %s', (_how, all) => {
      const member = memberOf(all);
      expect(isOutdated(resource, member)).toBe(false);
      expect(contactOf(resource.spec, member)).toMatchObject(contact);
      expect(hooksOf(resource.spec, member)).toEqual(hooks);
    });
  },
);
