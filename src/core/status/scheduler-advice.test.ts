import { expect, it } from 'vitest';
import { schedulerAdvice } from './scheduler-advice.ts';

it.each([
  [
    '0/3 nodes are available: 3 Insufficient memory. preemption: 0/3 nodes are available: 3 No preemption victims found for incoming pod.',
    /^lower the request for memory in spec.template, or add nodes that have more of it$/,
  ],
  [
    '0/3 nodes are available: 1 node(s) were unschedulable, 2 Insufficient example.com/gpu.',
    /^lower the request for example.com\/gpu .*; `kubectl uncordon` the nodes that are cordoned/,
  ],
  [
    '0/3 nodes are available: 3 node(s) had untolerated taint {dedicated: batch}. preemption: 0/3',
    /^remove the taint dedicated from a node, or tolerate it in spec.template.spec.tolerations$/,
  ],
  [
    '0/1 nodes are available: 1 node(s) had untolerated taint {node.kubernetes.io/unschedulable: }.',
    /^`kubectl uncordon` the nodes that are cordoned \(`kubectl get nodes`\), or add nodes$/,
  ],
  [
    "0/3 nodes are available: 3 node(s) didn't match Pod's node affinity/selector.",
    /^correct nodeSelector and affinity/,
  ],
  ["0/2 nodes are available: 2 node(s) didn't match pod anti-affinity rules.", /nodes: Preferred/],
  [
    "0/2 nodes are available: 2 node(s) didn't match pod topology spread constraints.",
    /whenUnsatisfiable: ScheduleAnyway/,
  ],
  [
    '0/3 nodes are available: 3 node(s) had volume node affinity conflict.',
    /of the zone that the volume/,
  ],
  [
    '0/3 nodes are available: pod has unbound immediate PersistentVolumeClaims.',
    /kubectl describe pvc/,
  ],
  ['0/3 nodes are available: something new.', /^add nodes or relax spec.placement$/],
])('%s', (message, advice) => {
  expect(schedulerAdvice(message)).toMatch(advice);
});
