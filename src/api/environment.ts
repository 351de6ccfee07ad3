/** What a variable is for, with its default and an example. */
interface Variable {
  description: string;
  default: string;
  example: string;
}

/**
 * The variables of the operator's environment that a user may set. The operator reads them once, when it starts. docs/fields.md is
 * generated from this table.
 */
export const environment = {
  METRICS_PORT: {
    description:
      'Port of `/metrics`, `/healthz` and `/readyz`. The probes and the annotations in `manifests/operator.yaml` name it, too.',
    default: '8080',
    example: '9090',
  },
  LOG_LEVEL: {
    description:
      'How much is logged: `trace`, `debug`, `info`, `warn`, `error`, `fatal` or `silent`.',
    default: 'info',
    example: 'debug',
  },
  POD_NAME: {
    description:
      'Name of the pod of the operator, by which it finds its own image; pods of databases copy the agent from that.',
    default: 'set in `manifests/operator.yaml`',
    example: 'haservice-operator-5d9c7',
  },
  POD_NAMESPACE: {
    description:
      'Namespace of the pod of the operator, in which it looks for its settings. Without it, it reads no ConfigMap.',
    default: 'set in `manifests/operator.yaml`',
    example: 'haservice-system',
  },
  NODE_NAME: {
    description:
      'Node of the operator. A candidate in another zone than that of the operator is preferred.',
    default: 'set in `manifests/operator.yaml`',
    example: 'node-a',
  },
  AGENT_IMAGE: {
    description: 'Image that pods of databases copy the agent from.',
    default: 'the image of the operator',
    example: 'registry.example/haservice-operator:1',
  },
} as const satisfies Record<string, Variable>;
