const all = (lines: readonly string[]) => lines.map((line) => `  ${line}`).join('\n');

/** What to do with the cluster that was kept. */
export const keptSteps = (namespace: string, service: string): string =>
  `The cluster is left running. To look at it, and to break it by hand:

${all([
  'eval "$(npm run -s cluster -- env)"        # points kubectl at it',
  `kubectl -n ${namespace} get haservices -w`,
  `kubectl -n ${namespace} describe haservice ${service}`,
  'kubectl explain haservice.spec.failover',
  `npm run cluster -- kill ${namespace}/${service}-0`,
  'npm run cluster -- cut zone-b-1            # and: heal zone-b-1',
  'npm run cluster -- down                    # removes everything',
])}`;

export const nextSteps = (): string =>
  `What to try next:

${all([
  'npm run demo -- --keep                     # the same, and leaves the cluster to play with',
  'npm run demo -- chaos                      # members of a Redis are killed on a schedule',
  'npm run bench -- failover --runs 20        # medians, ranges and percentiles',
  'kubectl apply -k crds                      # on a cluster that you have',
  'kubectl apply -k manifests',
  'kubectl apply -f examples/quickstart.yaml',
])}`;
