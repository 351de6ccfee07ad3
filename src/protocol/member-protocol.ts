import * as z from 'zod';
import { highestEpoch, tooHigh } from '../api/epoch.ts';

/**
 * The member protocol between operator and member: HTTP with JSON, served by the agent in the pods of a managed engine, and by
 * any program that speaks the protocol itself. docs/engines.md describes it for users; member-proto.ts is the same over gRPC.
 *
 *     GET  /haservice/v1/status                   200 report; 503 report if the program is not healthy
 *     POST /haservice/v1/{promote,follow,fence}   200 report: done; 202 report: in progress, see later reports
 *                                                 409 { error, message, report }: rejected, and why
 *
 * The operator asks for the status at each heartbeat and sends orders in its passes. Every order may come again, late, or to a
 * pod for which it is not meant: the member decides by the fields of the order whether it obeys. Both sides validate what they
 * receive by these schemas; anything else is a wrong answer, or a 400.
 */
export const protocolPath = '/haservice/v1';
/**
 * The kubelet's question to the agent of a pod, and not a part of the protocol: 200 if the member is complete, else 503. See
 * completeness.ts.
 */
export const readyPath = `${protocolPath}/ready`;
/** Port of the agent, unless engine.agentPort is set. */
export const defaultAgentPort = 8990;
/** Grants the leader time: `<nonce> <milliseconds>`, with the nonce of its last report. On GET status. */
export const leaseHeader = 'haservice-lease';
/** The operator's current epoch. On GET status. */
export const epochHeader = 'haservice-epoch';

/** Names the password that every member of a database accepts: see `password` in the report. On GET status. */
export const passwordHeader = 'haservice-password';

/** Names the password with which the members of a Postgres replicate: one of replicationPasswords. On GET status. */
export const replicationHeader = 'haservice-replication-password';

/**
 * `own`: derived from the password of the service. `service`: that password itself, as a member was made by an earlier version, which
 * knows no other.
 */
export const replicationPasswords = ['own', 'service'] as const;
export type ReplicationPassword = (typeof replicationPasswords)[number];

const epoch = z
  .int()
  .min(0)
  .max(highestEpoch, `it is ${tooHigh}: see TooHighEpoch in docs/failover.md`);
/** A number of bytes, milliseconds and the like: it goes into the status, whose schema limits it. */
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * How far a log has come. Positions are compared by term first, then by offset. A member takes over a new leader's term only
 * once it holds everything that the new leader held when it was promoted. So the member with the greater position has all that
 * the other has, as long as both follow the same sequence of leaders.
 */
const position = z.object({
  /** Redis and Exec: the epoch of the leader whose log it is. Postgres: the timeline. */
  term: z.int().min(0),
  /** Bytes, or whatever else grows with each write. Redis: replication offset. Postgres: LSN. */
  offset: amount,
  /**
   * Identifies the log in which the offset counts. Of two members with the same history, the one with the greater offset holds
   * all that the other holds, whatever their terms. Redis: its replication ID. Absent: the term alone is compared.
   */
  history: z.string().max(64).exactOptional(),
});

/** Which members' acknowledgements the leader asks for, and of how many, before it acknowledges a write. */
const sync = z.object({
  members: z.array(z.string().max(253)).max(100),
  acks: z.int().min(0).max(100),
  /** Counts the sets of an epoch: a member that was told a higher one in that epoch rejects a lower one. Absent: not known. */
  revision: z.int().min(0).exactOptional(),
  /**
   * Redis: nobody but the members' own user may replicate from the leader, as WAIT counts every replica. The operator asks for it once
   * every member knows that user.
   */
  exclusive: z.boolean().exactOptional(),
});

const memberStates = [
  /** Has never held data, or has lost them. */
  'Empty',
  /** The program is starting; nothing is known yet. */
  'Starting',
  /** Is being made a copy of the leader (clone, rewind, full resync): its own data do not count. */
  'Cloning',
  /** Holds data, follows no leader, takes no writes. */
  'Detached',
  'Following',
  /** Takes writes. */
  'Leading',
] as const;

/** Characters. */
export const longestMessage = 1_024;
export const mostFurtherProblems = 10;

const problem = z.object({
  reason: z.string().max(64),
  message: z.string().max(longestMessage),
});

export const memberReportSchema = z.object({
  /** UID of the pod, so that the operator notices if the address has passed to another pod. */
  uid: z.string().max(64).optional(),
  state: z.enum(memberStates),
  /** The highest epoch that the member has acknowledged. Stored on its volume; orders of lower epochs are rejected. */
  epoch,
  /** The last epoch in which the member led; 0: never. Lost with the data. */
  ledEpoch: epoch.default(0),
  /** Name of the member that it follows: in Following and Cloning. */
  leader: z.string().max(253).optional(),
  /** Following: whether the replication stream from the leader is connected. */
  linked: z.boolean().optional(),
  /** Absent if it cannot be compared: the member holds no data, or a restart has lost the count. */
  position: position.optional(),
  /**
   * False: data that a restart finds, or has found, may be older than the data that the member holds, or held, in memory.
   * Absent: what the member holds survives its restart.
   */
  durable: z.boolean().optional(),
  /** Following: milliseconds since the member last held all that the leader has; 0 while it does. */
  lagMs: amount.optional(),
  /** Cloning: how far the copy of the leader has come. Absent: not known, or it has not begun. */
  copy: z
    .object({
      bytes: amount,
      /** Absent: not known. */
      totalBytes: amount.exactOptional(),
      /** Milliseconds since it began. */
      elapsedMs: amount,
    })
    .exactOptional(),
  /** Leading: the sync set that is in force now. */
  sync: sync.optional(),
  /** Identifies the data set (Postgres: the system identifier): copies of it have the same. */
  identity: z.string().max(128).optional(),
  /** Data that only this member held when it was last made a copy of a leader that had continued without it. */
  loss: z
    .object({
      /** Epoch of the leader that the member was made to follow. */
      epoch: z.int().min(0),
      bytes: amount.optional(),
      transactions: z.int().min(0).optional(),
      /** For people: what is known, and where the discarded data are. */
      message: z.string().max(1024),
    })
    .optional(),
  /**
   * Of a database whose password is in a Secret: which password the member accepts, and whether it accepts a former one, too. Members
   * with the same password have the same `id`.
   */
  password: z.object({ id: z.string().max(16), former: z.boolean() }).exactOptional(),
  /** What is wrong, if anything: one word for programs, and what a person can do. */
  problem: problem.optional(),
  /** What is wrong besides. An operator of an earlier version does not read it. */
  furtherProblems: z.array(problem).max(mostFurtherProblems).exactOptional(),
  /** New in each report: a lease counts from the report whose nonce it names. */
  nonce: z.string().max(64).optional(),
});

const order = z.object({
  /** Name and UID of the pod that the order is for; any other pod rejects it. */
  member: z.string().max(253),
  uid: z.string().max(64).optional(),
  epoch: epoch.min(1),
  reason: z.string().max(1024).default(''),
});

/** How much of an answer is read at most, whichever side sends it. Bytes. */
export const maxAnswerBytes = 64 * 1024;

/**
 * An earlier name of `fence`, for a member that still leads although another is primary. The operator does not send it any more. The
 * agent accepts it, as an operator of an earlier version may lead its pod: during an upgrade, or after a rollback.
 */
export const formerNameOfFence = 'demote';

export const orderSchemas = {
  /**
   * Take writes. May come again with another `sync`. `init`: if the member is Empty, begin a new data set. `nonce`, with `init`: of
   * the report in which the member was Empty. A process that did not issue it must reject the order: it may have been Empty before,
   * have led, and have lost its data since, while the order was in transit. `acceptOld`: lead even if the data are older than data
   * that the member has once held; without it, such a member must reject the order.
   */
  promote: order.extend({
    init: z.boolean().default(false),
    sync: sync.optional(),
    nonce: z.string().max(64).optional(),
    acceptOld: z.boolean().optional(),
  }),
  /** Take no writes and follow the leader; become a copy of it first if needed. */
  follow: order.extend({
    leader: z.object({
      member: z.string().max(253),
      /** An IP address: programs differ in how they read a name, a list or a path. */
      host: z.union([z.ipv4(), z.ipv6()], { error: 'must be an IP address' }),
      /** Of the program. */
      port: z.int().min(1).max(65535),
      /**
       * Redis: the leader knows the members' own user, so that no member may show it the password of the service. Absent: its agent does
       * not, as its contract says, or the operator is of an earlier version.
       */
      replicationUser: z.boolean().exactOptional(),
    }),
    /** Offset at which the leader's term began: until it is reached, positions are reported in the old term. */
    start: z.number().min(0).optional(),
    /**
     * `history` of the leader's positions in this epoch. The term may be taken over only with data of this history: a leader that was
     * restarted leads with another one, and a follower may connect to it before the order of that epoch has come.
     */
    history: z.string().max(64).optional(),
  }),
  /** Take no writes, follow no leader. The answer comes once both have surely ended. */
  fence: order,
} as const;

export type OrderKind = keyof typeof orderSchemas;
export type Position = z.output<typeof position>;
export type SyncSet = z.output<typeof sync>;
export type CopyReport = NonNullable<MemberReport['copy']>;
export type MemberReport = z.output<typeof memberReportSchema>;
export type Order<K extends OrderKind = OrderKind> = z.output<(typeof orderSchemas)[K]>;

/** Why an order was rejected. StaleEpoch: the member has acknowledged a higher epoch, or a later sync set of this one. */
export type Rejection = 'StaleEpoch' | 'WrongMember' | 'Empty' | 'Foreign' | 'Invalid' | 'Failed';
