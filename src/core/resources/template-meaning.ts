import { durationMs } from '../../api/duration.ts';
import type { Spec } from '../../api/spec.ts';
import { canonicalJson, fnv1a } from '../../lib/hash.ts';
import { dataDir, hasData } from '../../protocol/agent-config.ts';
import { usesAgent } from '../model/capabilities.ts';
import { healthOf, hooksByMeaning } from '../model/contact.ts';
import { namedProgram } from '../model/program.ts';
import { type Unstructured, asList, asUnstructured } from '../model/unstructured.ts';
import { agentConfig, installResources } from './agent-pod.ts';
import { normalQuantity } from './quantity.ts';

/*
 * What a pod is made from, by its meaning: a user, a linter or another tool may write the same thing in another way, and nothing
 * restarts for that. Where it is not certain that two texts mean the same they differ, as a pod that should be replaced must be.
 */

/** Maps of the user's own words: nothing in them means anything to Kubernetes. */
const opaque = new Set([
  ...['labels', 'annotations', 'nodeSelector', 'matchLabels', 'volumeAttributes', 'options'],
]);
const quantityMaps = new Set(['requests', 'limits', 'overhead']);
const quantities = new Set(['sizeLimit', 'divisor']);

/**
 * Objects that mean nothing if they are empty. Others do: an emptyDir, or a labelSelector, which then selects all pods. (An empty list
 * always equals an absent one: the API server stores both in the same way.)
 */
const emptyIsAbsent = new Set([
  ...['labels', 'annotations', 'nodeSelector', 'matchLabels', 'requests', 'limits', 'overhead'],
  ...['resources', 'securityContext', 'capabilities', 'lifecycle', 'dnsConfig', 'metadata'],
  ...['affinity', 'nodeAffinity', 'podAffinity', 'podAntiAffinity'],
]);

const http = { 'httpGet.scheme': 'HTTP', 'httpGet.path': '/' };
const probe = {
  ...http,
  ...{ initialDelaySeconds: 0, timeoutSeconds: 1, periodSeconds: 10 },
  ...{ successThreshold: 1, failureThreshold: 3, 'grpc.service': '' },
};

const below = (paths: readonly string[], values: Record<string, unknown>) =>
  Object.fromEntries(
    paths.flatMap((path) => Object.entries(values).map(([key, value]) => [path + key, value])),
  );

/**
 * Values that the API server fills in, or that mean the same as none, by the path in the spec of a pod.
 * Source: Kubernetes, pkg/apis/core/v1/defaults.go.
 */
const defaults: Record<string, unknown> = {
  ...{ restartPolicy: 'Always', dnsPolicy: 'ClusterFirst', schedulerName: 'default-scheduler' },
  ...{ terminationGracePeriodSeconds: 30, enableServiceLinks: true, serviceAccountName: 'default' },
  ...{ hostNetwork: false, hostPID: false, hostIPC: false, shareProcessNamespace: false },
  'tolerations[].operator': 'Equal',
  'topologySpreadConstraints[].nodeAffinityPolicy': 'Honor',
  'topologySpreadConstraints[].nodeTaintsPolicy': 'Ignore',
  ...below(['containers[].', 'initContainers[].'], {
    ...{ stdin: false, stdinOnce: false, tty: false },
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    'ports[].protocol': 'TCP',
    'env[].value': '',
    'env[].valueFrom.fieldRef.apiVersion': 'v1',
    'env[].valueFrom.resourceFieldRef.divisor': '0n',
    'volumeMounts[].readOnly': false,
    'volumeMounts[].subPath': '',
    ...below(['livenessProbe.', 'readinessProbe.', 'startupProbe.'], probe),
    ...below(['lifecycle.postStart.', 'lifecycle.preStop.'], http),
  }),
  ...below(
    ['secret.', 'configMap.', 'downwardAPI.', 'projected.'].map((v) => `volumes[].${v}`),
    {
      defaultMode: 0o644,
      optional: false,
    },
  ),
  'volumes[].emptyDir.medium': '',
  'volumes[].hostPath.type': '',
  'volumes[].persistentVolumeClaim.readOnly': false,
  'volumes[].projected.sources[].serviceAccountToken.expirationSeconds': 3_600,
};

/** @param path from the spec of the pod, with `[]` for any entry of a list */
function normal(value: unknown, path: string): unknown {
  const key = path.slice(path.lastIndexOf('.') + 1);
  if (quantities.has(key)) return withoutDefault(normalQuantity(value), path);
  if (Array.isArray(value)) {
    return value.length === 0 ? undefined : value.map((entry) => normal(entry, `${path}[]`) ?? {});
  }
  if (value === null || typeof value !== 'object') return withoutDefault(value, path);
  const fields = Object.entries(value).flatMap(([name, inner]: [string, unknown]) => {
    const each = quantityMaps.has(key)
      ? normalQuantity(inner)
      : opaque.has(key)
        ? (inner ?? undefined)
        : normal(inner, path === '' ? name : `${path}.${name}`);
    return each === undefined ? [] : [[name, each] as const];
  });
  if (fields.length === 0 && emptyIsAbsent.has(key)) return undefined;
  return whole(Object.fromEntries(fields), path);
}

const withoutDefault = (value: unknown, path: string) =>
  value === null || value === defaults[path] ? undefined : value;

/** What a default depends on stands beside it. */
function whole(object: Unstructured, path: string): Unstructured {
  if (!/^(initC|c)ontainers\[\]$/.test(path)) return object;
  const { imagePullPolicy, resources, ...rest } = object;
  const requested = withoutLimits(asUnstructured(resources));
  return {
    ...rest,
    ...(imagePullPolicy === undefined || imagePullPolicy === defaultPull(object['image'])
      ? {}
      : { imagePullPolicy }),
    ...(Object.keys(requested).length === 0 ? {} : { resources: requested }),
  };
}

/** Without a tag it is `latest`. */
function defaultPull(image: unknown): string {
  const [, tag] = /:([^:/@]+)$/.exec(String(image)) ?? [];
  const isDigest = String(image).includes('@');
  return !isDigest && (tag ?? 'latest') === 'latest' ? 'Always' : 'IfNotPresent';
}

/** What is limited is requested, if nothing else is said. */
function withoutLimits({ requests, limits, ...rest }: Unstructured): Unstructured {
  const most = asUnstructured(limits);
  const least = Object.entries(asUnstructured(requests)).filter(
    ([name, value]) => value !== most[name],
  );
  return {
    ...rest,
    ...(least.length === 0 ? {} : { requests: Object.fromEntries(least) }),
    ...(limits === undefined ? {} : { limits }),
  };
}

/** A volume without a source is an emptyDir. */
const withSource = (volume: Unstructured): Unstructured =>
  Object.keys(volume).length === 1 ? { ...volume, emptyDir: {} } : volume;

/** Of the metadata a pod gets labels and annotations alone. */
function templateByMeaning({ metadata, spec }: Spec['template']): Unstructured {
  const { labels, annotations } = asUnstructured(metadata);
  const pod = asUnstructured(normal(spec, ''));
  const volumes = asList(pod['volumes']).map(withSource);
  return {
    metadata: asUnstructured(normal({ labels, annotations }, 'metadata')),
    spec: { ...pod, ...(volumes.length === 0 ? {} : { volumes }) },
  };
}

/** The settings of the agent with all its defaults, and each fact once. */
function agentByMeaning(spec: Spec): Unstructured {
  const { engine, ...settings } = agentConfig(spec);
  const { port: _port, agentPort: _agentPort, exec, promote: _p, demote: _d, ...rest } = engine;
  const { http: _http, grpc: _grpc, tcp: _tcp, ...secrets } = rest;
  return {
    ...settings,
    engine: {
      ...secrets,
      ...healthOf(spec),
      ...hooksByMeaning(spec),
      ...(hasData(spec) ? { dataDir: dataDir(spec) } : {}),
      ...(exec === undefined ? {} : { exec: { ...exec, timeout: durationMs(exec.timeout) } }),
    },
  };
}

function installByMeaning(spec: Spec): Unstructured {
  const { install } = installResources(spec);
  // As of any container.
  return install === undefined
    ? {}
    : { install: normal([{ resources: install }], 'initContainers') };
}

/** Specs are never changed in place. */
const meanings = new WeakMap<Spec, string>();

/**
 * A hash of what a pod is created from, by its meaning. A pod that was made from another text of the same meaning is not outdated. How
 * many zones the members should span is no property of a pod: that decides only where the next one is placed.
 */
export function templateMeaning(spec: Spec): string {
  let meaning = meanings.get(spec);
  if (meaning === undefined) {
    const { zones, nodes } = spec.placement;
    const { topologyKey, whenUnsatisfiable } = zones;
    const volumes = spec.volumeClaimTemplates.map(({ metadata }) => metadata.name);
    const made = {
      template: templateByMeaning(spec.template),
      placement: { topologyKey, whenUnsatisfiable, nodes },
      volumes,
      ...(usesAgent(spec)
        ? { agent: agentByMeaning(spec), ...namedProgram(spec), ...installByMeaning(spec) }
        : {}),
    };
    meaning = fnv1a(canonicalJson(made));
    meanings.set(spec, meaning);
  }
  return meaning;
}
