/**
 * Every error the project raises by itself, in one table. The code is stable and greppable; the text says
 * what to do. Style: fastify's lib/errors.js.
 */
const table = {
  HA_ERR_API_TIMEOUT: 'the API server did not answer in time: check that it is up and reachable',
  HA_ERR_API_UNREACHABLE: 'the API server cannot be reached: check the network and the kubeconfig',
  HA_ERR_API_STATUS: 'the API server refused the request',
  HA_ERR_NO_CLUSTER:
    'there is no cluster to talk to: run the operator in a pod, or set KUBECONFIG to a kubeconfig file',
  HA_ERR_WATCH_EXPIRED: 'the watch is too old: list again',
  HA_ERR_NAME_TAKEN:
    'the name belongs to another object, which is left alone: rename this HAService or delete that object',
  HA_ERR_CLAIM_UNUSABLE:
    'a volume claim of a member cannot be used, and its pod waits: repair or delete the claim',
  HA_ERR_SPEC_INVALID: 'the spec is invalid: correct the named field',
  HA_ERR_PROBE_TIMEOUT: 'the member did not answer in time',
  HA_ERR_PROBE_REFUSED: 'nothing listens on the probed port: check engine.port and the program',
  HA_ERR_PROBE_ANSWER: 'the member answered, but not as expected',
  HA_ERR_HOOK_TIMEOUT: 'the hook did not answer in time: make it faster or raise its timeout',
  HA_ERR_HOOK_STATUS: 'the hook answered with an error status: see the log of the member',
  HA_ERR_HOOK_TOO_LARGE: 'the hook answered with more than 64 KiB: answer with a short text',
  HA_ERR_HOOK_UNREACHABLE: 'the hook cannot be reached: check its port and path',
  HA_ERR_ORDER_REFUSED: 'the member refused the order: see its log where this lasts',
  HA_ERR_ORDER_TIMEOUT: 'the member did not carry out the order in time: see its log',
  HA_ERR_ORDER_UNREACHABLE:
    'the member cannot be given orders: check its agent and network policies',
  HA_ERR_ORDER_ANSWER:
    'the member answered the order, but not by the member protocol: check engine.type and the port',
  HA_ERR_PROGRAM_START:
    'the program cannot be started: check the command of the container and that the image has it',
  HA_ERR_COMMAND_FAILED: 'the command has failed: see what it printed, and the log of the member',
  HA_ERR_COMMAND_TIMEOUT: 'the command did not end in time: make it faster or raise its timeout',
  HA_ERR_COMMAND_OUTPUT: 'the command printed something else than it should: see docs/engines.md',
  HA_ERR_MEMBER_EMPTY:
    'the member holds no data: let it follow one that does, or order promote with init to begin anew',
  HA_ERR_MEMBER_OLD:
    'what the member holds may be older than what it has once held: let it follow a member that has all',
  HA_ERR_MEMBER_DISK: 'the member cannot write to its disk: make room on its volume, or repair it',
  HA_ERR_MEMBER_FOREIGN:
    'the data of the member are not of this service: give it an empty volume, or restore the right one',
  HA_ERR_ORDER_INVALID: 'the order contradicts an earlier one: raise the epoch',
  HA_ERR_LEASE_OVER: 'the time granted to the leader is over: grant again, by the newest nonce',
  HA_ERR_STATE_FILE:
    'the epoch cannot be kept: check that the volume of engine.dataDir is mounted, writable and not full',
  HA_ERR_DATABASE: 'the database has refused or did not answer: see the log of the member',
  HA_ERR_NOT_SCRAM:
    'the password is told to nobody, but proved by SCRAM to a server that knows it: say scram-sha-256 in its pg_hba.conf',
  HA_ERR_NO_PASSWORD:
    'a new database needs a password: name a Secret in engine.passwordSecret that holds one',
  HA_ERR_AGENT_CONFIG: 'the agent is not configured: it is to be started by the operator',
} as const;

export type ErrorCode = keyof typeof table;

/** An error with a stable code. `message` ends with what to do. */
export class HAError extends Error {
  override readonly name = 'HAError';
  readonly code: ErrorCode;
  /** HTTP status where the error is an answer of the API server or of a hook. */
  readonly status: number | undefined;
  /** Kubernetes Status reason (AlreadyExists, Conflict, Invalid, ...), where there is one. */
  readonly reason: string | undefined;

  constructor(
    code: ErrorCode,
    detail: string,
    options: { cause?: unknown; status?: number; reason?: string } = {},
  ) {
    super(
      `${detail}: ${table[code]}`,
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
