import {
  type AgentConfig,
  agentConfigVariable,
  agentFolder,
  agentVolume,
  looksUpUser,
  userLookupFolder,
  userLookupPath,
} from '../../protocol/agent-config.ts';
import { readiness, readinessGates } from './readiness.ts';
import { durationMs } from '../../api/duration.ts';
import type { Spec } from '../../api/spec.ts';
import { agentPort, needsLease, usesAgent } from '../model/capabilities.ts';
import type { Degradation } from '../model/fault.ts';
import type { Member, Resource } from '../model/observed.ts';
import { type Unstructured, asList, asUnstructured } from '../model/unstructured.ts';
import { probePort } from '../model/ports.ts';
import { programIndex, programOf } from '../model/program.ts';
import { secretVolumes } from './secret-volumes.ts';
import { knowsItsProgram } from '../../protocol/agent-config.ts';

const texts = (value: unknown): string[] => (Array.isArray(value) ? value.map(String) : []);

const portName = 'ha-agent';

/** The agent brings its own Node.js and libraries, so that it does not depend on the image of the program. */
const agentCommand = [
  `${agentFolder}/lib/ld.so`,
  '--library-path',
  `${agentFolder}/lib`,
  `${agentFolder}/bin/node`,
  // A small young generation, as in the operator: 12 MB less memory.
  '--max-semi-space-size=1',
  `${agentFolder}/agent.mjs`,
];

/** The path of the agent in the operator's own image. */
const installCommand = ['/usr/bin/node', '/app/agent.mjs', 'install', agentFolder];

/** The settings of a service's agents, without its name. */
export function agentConfig(spec: Spec): Omit<AgentConfig, 'service'> {
  const program = programOf(spec);
  // The agent is told what to start, and need not know from where.
  const { container: _container, ...engine } = spec.engine;
  const command = texts(program['command']);
  const args = texts(program['args']);
  return {
    engine,
    port: probePort(spec) ?? 0,
    agentPort: agentPort(spec),
    ...(knowsItsProgram(spec) ? { command, args } : { command: [...command, ...args], args: [] }),
    ...(needsLease(spec) ? { leaseMs: durationMs(spec.failover.leaseDuration) } : {}),
  };
}

/** Of the cluster autoscaler: the local volumes of a pod whose loss is no reason to keep the pod, and its node. */
const evictableKey = 'cluster-autoscaler.kubernetes.io/safe-to-evict-local-volumes';

/**
 * The annotation by which the volume of the agent keeps no node from being removed: what is in it is installed again, and it is lost
 * with any deletion of the pod. What the user's own volumes are worth is the user's word. Not part of the template's hash.
 */
export function evictableVolumes(spec: Spec, given: Unstructured): Record<string, string> {
  if (!usesAgent(spec)) return {};
  const users = given[evictableKey];
  const names = typeof users === 'string' ? users.split(',').map((name) => name.trim()) : [];
  const all = new Set([...names.filter((name) => name !== ''), agentVolume]);
  return { [evictableKey]: [...all].join() };
}

/** The resources that the user gives to the agent's init container. For hashes: absent, as before there was the field, if there are none. */
export const installResources = ({ agent }: Spec): { install?: Unstructured } =>
  agent?.resources === undefined ? {} : { install: agent.resources };

/** What prevents the agent from being put into the pods, or from working there. */
export function agentDegradedReasons({ spec, agentImage }: Resource): Degradation[] {
  if (!usesAgent(spec)) return [];
  const degradedReasons: Degradation[] = [];
  const program = programOf(spec);
  if (agentImage === undefined) {
    degradedReasons.push({
      reason: 'AgentImageUnknown',
      message:
        "the agent for the pods is part of the operator's image, and the operator does not know which that is: run it in a pod, with POD_NAME and POD_NAMESPACE set as in manifests/operator.yaml, or set AGENT_IMAGE for it",
    });
  }
  if (!knowsItsProgram(spec) && texts(program['command']).length === 0) {
    degradedReasons.push({
      reason: 'CommandMissing',
      message: `container ${String(program['name'])} of spec.template has no command: the agent starts the program and must be told how; write the command and args that its image would run`,
    });
  }
  // Then the agent is not process 1, and its end does not end the other processes of the container.
  const { hostPID, shareProcessNamespace } = spec.template.spec as Unstructured;
  const shared =
    hostPID === true ? 'hostPID' : shareProcessNamespace === true && 'shareProcessNamespace';
  if (shared !== false && needsLease(spec)) {
    degradedReasons.push({
      reason: 'ProcessesShared',
      message: `spec.template.spec.${shared} is true: a program that outlives the agent could not be stopped when its lease runs out; remove ${shared}, or write failover.consistency: Eventual`,
    });
  }
  return degradedReasons;
}

/**
 * Processor time as for the program: the pod needs no more than without this container, and a pod of the class Guaranteed stays one.
 * A small limit of its own would slow every start down: the copy takes half a second of a processor, 5 s at a tenth of one.
 */
function initResources(program: Unstructured): Unstructured {
  const given = asUnstructured(program['resources']);
  const of = (kind: 'requests' | 'limits') => {
    const { cpu } = asUnstructured(given[kind]);
    return { ...(cpu === undefined ? {} : { cpu }), memory: '128Mi' };
  };
  return { requests: of('requests'), limits: of('limits') };
}

const initContainer = (
  { spec, agentImage: image }: Resource,
  program: Unstructured,
): Unstructured => ({
  name: agentVolume,
  ...(image === undefined ? {} : { image }),
  imagePullPolicy: 'IfNotPresent',
  command: installCommand,
  volumeMounts: [{ name: agentVolume, mountPath: agentFolder }],
  resources: spec.agent?.resources ?? initResources(program),
  // The Pod Security Standard `restricted` requires this.
  securityContext: {
    runAsNonRoot: true,
    runAsUser: 65532,
    runAsGroup: 65532,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  },
});

/**
 * A value that the kubelet does not expand: it would replace `$(NAME)` by variables, and two dollars by one. The agent expands the
 * command and arguments of the program itself, see expand.ts.
 */
const inertJson = (value: unknown): string => JSON.stringify(value).replaceAll('$', '\\u0024');

/** 30 is Kubernetes' own default. */
const graceSeconds = ({ template }: Spec): number => {
  const given = template.spec['terminationGracePeriodSeconds'];
  return typeof given === 'number' ? given : 30;
};

function environment(resource: Resource, given: Unstructured[]): Unstructured[] {
  const { spec, name } = resource;
  const own: Unstructured[] = [
    {
      name: agentConfigVariable,
      value: inertJson({ service: name, graceSeconds: graceSeconds(spec), ...agentConfig(spec) }),
    },
  ];
  const pod: Unstructured[] = [
    ['POD_NAME', 'metadata.name'],
    ['POD_UID', 'metadata.uid'],
    ['POD_IP', 'status.podIP'],
  ].map(([variable, fieldPath]) => ({ name: variable, valueFrom: { fieldRef: { fieldPath } } }));
  const has = (entries: Unstructured[], { name: wanted }: Unstructured) =>
    entries.some((entry) => entry['name'] === wanted);
  return [
    // First, so that the user's variables can refer to them.
    ...pod.filter((entry) => !has(given, entry)),
    ...given.filter((entry) => !has(own, entry)),
    ...own,
  ];
}

/**
 * The spec of a pod with the agent as process 1 of the container of the program, if the engine needs one. The agent starts the command of
 * that container.
 */
export function withAgent(
  resource: Resource,
  podSpec: Unstructured,
  members: readonly Member[],
): Unstructured {
  const { spec } = resource;
  if (!usesAgent(spec)) return podSpec;
  const containers = asList(podSpec['containers']);
  const index = programIndex(spec, containers);
  const program = containers[index] ?? {};
  const { args: _args, ...kept } = program;
  const secrets = secretVolumes(spec, members);
  const mounts = asList(program['volumeMounts']);
  const isFree = mounts.every(({ mountPath }) => mountPath !== userLookupFolder);
  const lookup = { name: agentVolume, mountPath: userLookupFolder, subPath: userLookupPath };
  const ports = asList(program['ports']);
  const port = agentPort(spec);
  return {
    ...podSpec,
    ...readinessGates(spec, program, podSpec['readinessGates']),
    initContainers: [initContainer(resource, program), ...asList(podSpec['initContainers'])],
    containers: containers.with(index, {
      ...kept,
      command: agentCommand,
      env: environment(resource, asList(program['env'])),
      ...readiness(spec, program),
      ports: ports.some((entry) => entry['containerPort'] === port)
        ? ports
        : [...ports, { name: portName, containerPort: port }],
      volumeMounts: [
        ...mounts,
        // Writable: a member without a volume of its own stores its epoch there.
        { name: agentVolume, mountPath: agentFolder },
        ...(looksUpUser(spec) && isFree ? [lookup] : []),
        ...secrets.map(({ mount }) => mount),
      ],
    }),
    volumes: [
      ...asList(podSpec['volumes']),
      { name: agentVolume, emptyDir: {} },
      ...secrets.map(({ volume }) => volume),
    ],
  };
}
