/** What the scheduler says, and what helps against that. Its words: k8s.io/kubernetes/pkg/scheduler/framework/plugins. */
const advices: readonly [RegExp, string | ((found: string) => string)][] = [
  [
    /Insufficient ([\w./-]*\w)/g,
    (what) => `lower the request for ${what} in spec.template, or add nodes that have more of it`,
  ],
  [/Too many pods/g, 'add nodes: these take no more pods'],
  [
    /were unschedulable|node\.kubernetes\.io\/unschedulable/g,
    '`kubectl uncordon` the nodes that are cordoned (`kubectl get nodes`), or add nodes',
  ],
  [
    /untolerated taint \{([^:}]+)[^}]*\}/g,
    (taint) =>
      taint === 'node.kubernetes.io/unschedulable'
        ? '`kubectl uncordon` the nodes that are cordoned (`kubectl get nodes`), or add nodes'
        : `remove the taint ${taint} from a node, or tolerate it in spec.template.spec.tolerations`,
  ],
  [
    /didn't match Pod's node affinity\/selector|didn't match node selector/g,
    'correct nodeSelector and affinity in spec.template, or label a node so that it fits',
  ],
  [
    /didn't (?:match|satisfy) (?:existing pods |pod )?anti-affinity/g,
    'add nodes, or write placement.nodes: Preferred so that two members may share a node',
  ],
  [
    /didn't match pod topology spread constraints/g,
    'add nodes in the zones that have fewer members, or write placement.zones.whenUnsatisfiable: ScheduleAnyway',
  ],
  [
    /volume node affinity conflict|had no available volume zone/g,
    'bring back a node of the zone that the volume of this member is in',
  ],
  [
    /unbound immediate PersistentVolumeClaims|persistent volumes to bind|persistentvolumeclaim "[^"]*" not found|storageclass[^;,]*not found/gi,
    'see `kubectl describe pvc`: the volume claim of this member finds no volume, so check its storageClassName and the provisioner',
  ],
  [/didn't have free ports/g, 'remove hostPort from spec.template, or add nodes'],
];

/** What a person can do, by what the scheduler has said: one clause for each reason, in the order of the list. */
export function schedulerAdvice(message: string): string {
  // After this the scheduler says what preemption would do: the same reasons again.
  const [reasons = ''] = message.split('preemption:');
  const found = advices.flatMap(([pattern, advice]) =>
    [...reasons.matchAll(pattern)].map(([, word = '']) =>
      typeof advice === 'string' ? advice : advice(word.trim()),
    ),
  );
  return found.length === 0 ? 'add nodes or relax spec.placement' : [...new Set(found)].join('; ');
}
