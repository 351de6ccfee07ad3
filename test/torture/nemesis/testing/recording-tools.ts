import type { FaultTools, PodsByRole, TargetPod } from '../fault-tools.ts';

const pod = (name: string, index: number): TargetPod => ({
  namespace: 'ns',
  name,
  uid: `uid-${name}`,
  node: `node-${index}`,
  address: `10.0.0.${index}`,
});
export const allPods: PodsByRole = {
  primary: () => pod('t-0', 1),
  followers: () => [pod('t-1', 2), pod('t-2', 3)],
  operator: () => pod('operator', 2),
};
export const noPods: PodsByRole = {
  primary: () => undefined,
  followers: () => [],
  operator: () => undefined,
};

/** What the fake API server has: the spec of the service, and the volume of each claim. */
const objects: Record<string, object> = {
  service: {
    spec: {
      ports: [{ port: 80 }],
      heartbeat: { interval: '1s' },
      failover: { leaseDuration: '3s' },
      template: { spec: { containers: [{ name: 'p', env: [{ name: 'A', value: '1' }] }] } },
    },
  },
  'data-t-2': { metadata: { uid: 'claim-uid' }, spec: { volumeName: 'volume-3' } },
};

/** Tools that record every call: names of objects, and patches as JSON. */
export function recordingTools(
  roles: PodsByRole,
  fails: string[] = [],
): { done: string[]; tools: FaultTools } {
  const done: string[] = [];
  const wordOf = (arg: unknown): string => {
    if (typeof arg !== 'object' || arg === null) return String(arg);
    if ('name' in arg) return String(arg.name);
    if ('spec' in arg) return JSON.stringify(arg.spec);
    if ('metadata' in arg) return 'metadata';
    return '';
  };
  const record = (_: object, verb: string | symbol) =>
    verb === 'nodes'
      ? ['a', 'b', 'c'].map((zone) => ({ zone: `zone-${zone}` }))
      : async (...args: unknown[]) => {
          const words = [String(verb), ...args.map(wordOf)].filter((word) => word !== '');
          if (verb === 'get') return objects[words[1] ?? ''];
          done.push(words.join(' '));
          if (fails.includes(String(verb))) throw new Error(`${String(verb)} failed`);
          return undefined;
        };
  const cluster = new Proxy({}, { get: record });
  const verbs = ['delete', 'evict', 'get', 'mergePatch'];
  const client = Object.fromEntries(verbs.map((verb) => [verb, record({}, verb)]));
  const setClock = (name: string, seconds: number) => {
    done.push(`setClock ${name} ${seconds}`);
  };
  const requestExperiment = async () => void done.push('requestExperiment');
  const renew = async (what: string) => void done.push(`renew ${what}`);
  const service = { namespace: 'ns', name: 'service', port: 80, members: 3, hasVolumes: true };
  const tools = { cluster, client, roles, service, setClock, requestExperiment, renew };
  return { done, tools: tools as unknown as FaultTools };
}
