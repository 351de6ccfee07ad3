/** What a word for programs means, and what a person does about it. */
export interface Explanation {
  meaning: string;
  whatToDo: string;
  /** Of a fault: it does not heal by itself. Its Event is written at once, and a service that has never run because of it is not starting. */
  needsPerson?: true;
  /** The same for the phase; but it may heal, as a program that ends until another one is up: its Event is not written at once. */
  keepsDown?: true;
  /** The same for the phase of a service that has never started, if it lasts: a program may take its time to listen. */
  keepsFromStarting?: true;
  /** What a member reports about the spec or a Secret of it, so that each member reports the same: its Event is written once, not for each member. */
  isOfSpec?: true;
}

/**
 * Every error that the project raises by itself, in one table. The code is stable and can be searched for; both texts are
 * part of the message. docs/reference.md is generated from it. Style: fastify's lib/errors.js.
 */
export const errors = {
  HA_ERR_API_TIMEOUT: {
    meaning: 'the API server did not answer in time',
    whatToDo: 'check that it is up and reachable',
  },
  HA_ERR_API_UNREACHABLE: {
    meaning: 'the API server cannot be reached',
    whatToDo: 'check the network and the kubeconfig',
  },
  HA_ERR_API_STATUS: {
    meaning: 'the API server refused the request',
    whatToDo: 'see its answer',
  },
  HA_ERR_PREEMPTED: {
    meaning: 'a write was given up, because a failover of the same service goes first',
    whatToDo: 'nothing: the write is repeated after the failover',
  },
  HA_ERR_NO_CLUSTER: {
    meaning: 'there is no cluster to talk to',
    whatToDo: 'run the operator in a pod, or set KUBECONFIG to a kubeconfig file',
  },
  HA_ERR_NAME_TAKEN: {
    meaning: 'the name belongs to another object, which is left alone',
    whatToDo: 'rename this HAService or delete that object',
  },
  HA_ERR_CLAIM_UNUSABLE: {
    meaning: 'a volume claim of a member cannot be used, and its pod waits',
    whatToDo: 'repair or delete the claim',
  },
  HA_ERR_VOLUME_NOT_GROWN: {
    meaning: 'the volume cannot be made larger',
    whatToDo:
      'write allowVolumeExpansion: true in its StorageClass, if the driver can do that; raise a quota that is named; or set the size back in spec.volumeClaimTemplates',
  },
  HA_ERR_SPEC_INVALID: {
    meaning: 'the spec is invalid',
    whatToDo: 'correct the named field',
  },
  HA_ERR_SETTINGS_INVALID: {
    meaning: 'the settings of the operator are invalid',
    whatToDo:
      'correct the named field in the ConfigMap haservice-operator; until then the last good settings hold. An operator that has read none begins no experiment, and does not begin to work if it cannot know its namespaces',
  },
  HA_ERR_PROBE_REFUSED: {
    meaning: 'nothing listens on the probed port',
    whatToDo: 'check engine.port and the program',
  },
  HA_ERR_PROBE_ANSWER: {
    meaning: 'the member answered, but not as expected',
    whatToDo: 'check engine and the log of the member',
  },
  HA_ERR_HOOK_TIMEOUT: {
    meaning: 'the hook did not answer in time',
    whatToDo: 'make it faster or raise its timeout',
  },
  HA_ERR_HOOK_STATUS: {
    meaning: 'the hook answered with an error status',
    whatToDo: 'see the log of the member',
  },
  HA_ERR_HOOK_TOO_LARGE: {
    meaning: 'the hook answered with more than 64 KiB',
    whatToDo: 'answer with a short text',
  },
  HA_ERR_HOOK_UNREACHABLE: {
    meaning: 'the hook cannot be reached',
    whatToDo: 'check its port and path',
  },
  HA_ERR_ORDER_REFUSED: {
    meaning: 'the member refused the order',
    whatToDo: 'see its log if this lasts',
  },
  HA_ERR_ORDER_TIMEOUT: {
    meaning: 'the member did not carry out the order in time',
    whatToDo: 'see its log',
  },
  HA_ERR_ORDER_UNREACHABLE: {
    meaning: 'the member cannot be given orders',
    whatToDo: 'check its agent and network policies',
  },
  HA_ERR_ORDER_ANSWER: {
    meaning: 'the member answered the order, but not by the member protocol',
    whatToDo: 'check engine.type and the port',
  },
  HA_ERR_PROGRAM_START: {
    meaning: 'the program cannot be started',
    whatToDo: 'check the command of the container and that the image has it',
  },
  HA_ERR_COMMAND_FAILED: {
    meaning: 'the command has failed',
    whatToDo: 'see what it printed, and the log of the member',
  },
  HA_ERR_COMMAND_TIMEOUT: {
    meaning: 'the command did not end in time',
    whatToDo: 'make it faster or raise its timeout',
  },
  HA_ERR_COMMAND_OUTPUT: {
    meaning: 'the command printed something else than it should',
    whatToDo: 'see docs/engines.md',
  },
  HA_ERR_MEMBER_EMPTY: {
    meaning: 'the member holds no data',
    whatToDo:
      'let it follow one that does, or order promote with init to begin with an empty data set',
  },
  HA_ERR_MEMBER_OLD: {
    meaning: 'what the member holds may be older than what it has once held',
    whatToDo: 'let it follow a member that has all data',
  },
  HA_ERR_MEMBER_DISK: {
    meaning: 'the member cannot write to its disk',
    whatToDo: 'make room on its volume, or repair it',
  },
  HA_ERR_MEMBER_FOREIGN: {
    meaning: 'the data of the member are not of this service',
    whatToDo: 'give it an empty volume, or restore the right one',
  },
  HA_ERR_LEASE_OVER: {
    meaning: 'the lease of the leader has ended',
    whatToDo: 'grant another one, with the newest nonce',
  },
  HA_ERR_STATE_FILE: {
    meaning: 'the epoch cannot be stored',
    whatToDo: 'check that the volume of engine.dataDir is mounted, writable and not full',
  },
  HA_ERR_DATABASE: {
    meaning: 'the database has refused or did not answer',
    whatToDo: 'see the log of the member',
  },
  HA_ERR_COPY_STALLED: {
    meaning: 'a copy of the leader makes no progress',
    whatToDo:
      'check the disks of both members and the network between them; it is tried again by itself',
  },
  HA_ERR_NOT_SCRAM: {
    meaning:
      'the server does not ask for SCRAM: the password is not sent to a server that has not proved that it knows it',
    whatToDo: 'write scram-sha-256 in its pg_hba.conf',
  },
  HA_ERR_OTHER_VERSION: {
    meaning: 'the data were written by another major version of PostgreSQL',
    whatToDo: 'write the image of that version',
  },
  HA_ERR_NO_PASSWORD: {
    meaning: 'a new database, or a leader that asks for one, needs a password',
    whatToDo: 'name a Secret in engine.passwordSecret that holds one',
  },
  HA_ERR_AGENT_CONFIG: {
    meaning: 'the agent is not configured',
    whatToDo: 'let the operator start it: it is not for use by hand',
  },
} as const satisfies Record<string, Explanation>;

export type ErrorCode = keyof typeof errors;

/** An error with a stable code. `message` ends with what to do. */
export class HAError extends Error {
  override readonly name = 'HAError';
  readonly code: ErrorCode;
  /** HTTP status, if the error is an answer of the API server or of a hook. */
  readonly status: number | undefined;
  /** Kubernetes Status reason (AlreadyExists, Conflict, Invalid, ...), if there is one. */
  readonly reason: string | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; status?: number; reason?: string } = {},
  ) {
    const { meaning, whatToDo } = errors[code];
    super(
      `${detail}: ${meaning}: ${whatToDo}`,
      options.cause === undefined ? undefined : { cause: options.cause },
    );
    this.code = code;
    this.status = options.status;
    this.reason = options.reason;
  }
}

export function isHAError(error: unknown, code?: ErrorCode): error is HAError {
  return error instanceof HAError && (code === undefined || error.code === code);
}
