import { ordinalLabel } from '../../../src/api/labels.ts';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import type { ApiServer } from '../api-server.ts';
import { subject } from '../subject.ts';

/** What the cluster holds in the end, by kind, in words that two runs have in common. */
export type EndState = ReadonlyMap<string, readonly string[]>;

/** What tells of when or how often something happened, or which node or number somebody has: two good runs differ in that. */
const passing = new Set([
  ...['resourceVersion', 'creationTimestamp', 'generation', 'uid', 'since', 'lastTransitionTime'],
  ...['epoch', 'ledEpoch', 'termStart', 'revision', 'failovers', 'lagBytes', 'lagSeconds', 'node'],
  ...['nodeName', 'zone', ordinalLabel],
]);

/** Lists whose order says nothing. */
const unordered = new Set(['endpoints', 'members', 'conditions']);

/** Times, and names of members by what they are, as it does not matter who of them leads. */
function wordsOf(api: ApiServer): (text: string) => string {
  const { uid } = api.service.metadata;
  const names = new Map<string, string>([[uid, 'OWNER']]);
  const { primaryUID } = api.service.status;
  for (const { metadata, status } of api.pods) {
    const role = metadata?.uid === primaryUID ? 'PRIMARY' : 'STANDBY';
    for (const name of [metadata?.name, metadata?.uid, status?.podIP]) {
      if (name !== undefined) names.set(name, role);
    }
  }
  const member = new RegExp(`\\b${subject.name}-\\d+\\b`, 'g');
  return (text) =>
    names.get(text) ??
    text
      .replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'TIME')
      .replace(member, (name) => names.get(name) ?? 'FORMER');
}

function simplify(value: unknown, words: (text: string) => string, key = ''): unknown {
  if (typeof value === 'string') return words(value);
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) {
    const all = value.map((each) => simplify(each, words));
    return unordered.has(key) ? sorted(all) : all;
  }
  const kept = Object.entries(value).filter(([name]) => !passing.has(name));
  return Object.fromEntries(
    kept
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, each]) => [name, simplify(each, words, name)]),
  );
}

const sorted = (values: unknown[]): unknown[] =>
  values.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));

/** An owner that is not the present resource would have been garbage. */
function withOwner(object: KubeObject, owner: string): KubeObject {
  const { ownerReferences, ...metadata } = object.metadata ?? {};
  const owners = ownerReferences?.map((each) => (each.uid === owner ? 'OWNER' : 'ANOTHER'));
  return { ...object, metadata: { ...metadata, owners } } as KubeObject;
}

/** @param deleted Pods that were deleted on the way: a perturbation is no reason to end more of them, or fewer. */
export function endStateOf(api: ApiServer, deleted: number): EndState {
  const words = wordsOf(api);
  const { uid } = api.service.metadata;
  const ends = Array.from({ length: deleted }, () => 'a pod');
  return new Map([
    ['deleted pods', ends],
    ...api.kinds.toSorted().map((kind): [string, string[]] => {
      const objects = api.list(kind).map((each) => simplify(withOwner(each, uid), words));
      return [kind, sorted(objects).map((each) => JSON.stringify(each))];
    }),
  ]);
}

/** How much of a difference is told. */
const toldLength = 160;

/** The first difference, or undefined if there is none. */
export function differenceOf(expected: EndState, actual: EndState): string | undefined {
  for (const kind of new Set([...expected.keys(), ...actual.keys()])) {
    const [wanted = [], found = []] = [expected.get(kind), actual.get(kind)];
    if (wanted.length !== found.length) {
      return `${found.length} ${kind}, and not ${wanted.length}`;
    }
    const i = wanted.findIndex((text, at) => text !== found[at]);
    if (i < 0) continue;
    return `${kind} differ in the end: ${firstPart(wanted[i] ?? '', found[i] ?? '')}`;
  }
  return undefined;
}

function firstPart(wanted: string, found: string): string {
  let at = 0;
  while (wanted[at] === found[at]) at++;
  const from = Math.max(0, at - toldLength / 2);
  const part = (text: string) => text.slice(from, from + toldLength);
  return `"${part(found)}", and not "${part(wanted)}"`;
}
