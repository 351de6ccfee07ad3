import * as z from 'zod';
import { highestEpoch, tooHigh } from '../api/epoch.ts';

/**
 * How the operator and a member talk: HTTP with JSON, spoken by the agent in the pods of a managed engine, and by any program
 * that wants to be led itself. docs/engines.md describes it for people.
 *
 *     GET  /haservice/v1/status                          200 report; 503 report where the program is not well
 *     POST /haservice/v1/{promote,follow,demote,fence}   200 report: done; 202 report: under way, look at the reports
 *                                                        409 { error, message, report }: refused, and why
 */
export const protocolPath = '/haservice/v1';
/** Port of the agent, unless engine.agentPort says otherwise. */
export const defaultAgentPort = 8990;
/** Grants the leader time: `<nonce> <milliseconds>`, with the nonce of its last report. On GET status. */
export const leaseHeader = 'haservice-lease';
/** The epoch that the operator is in. On GET status. */
export const epochHeader = 'haservice-epoch';

const epoch = z
  .int()
  .min(0)
  .max(highestEpoch, `it is ${tooHigh}: see TooHighEpoch in docs/failover.md`);
/** Of bytes, milliseconds and the like: what goes into the status must be a number that a schema takes. */
const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);

/**
 * How far a log has come. Positions are compared by term first, then by offset. A member takes over a new leader's term only
 * once it holds everything that the new leader held when it was promoted, so that the greater position has all that the
 * lesser has, as long as both are of one line of leaders.
 */
const position = z.object({
  /** Redis and Exec: the epoch of the leader whose log it is. Postgres: the timeline. */
  term: z.int().min(0),
  /** Bytes, or whatever else grows with each write. Redis: replication offset. Postgres: LSN. */
  offset: amount,
  /**
   * Names the log in which the offset counts. Of two members that name the same, the one with the greater offset holds all that
   * the other holds, whatever terms they have been told. Redis: its replication ID. Absent: the term alone says.
   */
  history: z.string().max(64).exactOptional(),
});

/** Which members' acknowledgements the leader asks for, and of how many, before it acknowledges a write. */
const sync = z.object({
  members: z.array(z.string().max(253)).max(100),
  acks: z.int().min(0).max(100),
  /** Counts the sets of an epoch: one who has been told a higher one in that epoch refuses a lower one. Absent: not known. */
  revision: z.int().min(0).exactOptional(),
});

const memberStates = [
  /** Has never held data, or has lost it. */
  'Empty',
  /** The program is coming up; nothing is known yet. */
  'Starting',
  /** Is being made a copy of the leader (clone, rewind, full resync): what it holds counts for nothing. */
  'Cloning',
  /** Holds data, follows nobody, takes no writes. */
  'Detached',
  'Following',
  /** Takes writes. */
  'Leading',
] as const;

export const memberReportSchema = z.object({
  /** UID of the pod, so that an address which has passed to another pod is noticed. */
  uid: z.string().max(64).optional(),
  state: z.enum(memberStates),
  /** The highest epoch that it has acknowledged. Kept on its volume; older orders are refused. */
  epoch,
  /** The last epoch in which it led; 0: it never did. Lost with the data. */
  ledEpoch: epoch.default(0),
  /** Whom it follows, by name: in Following and Cloning. */
  leader: z.string().max(253).optional(),
  /** Following: whether the stream from the leader stands. */
  linked: z.boolean().optional(),
  /** Absent where it cannot be compared: nothing is held, or a restart has lost the count. */
  position: position.optional(),
  /**
   * False: what a restart of it finds, or has found, may be older than what it holds, or has held, in memory. Absent: what it
   * holds survives its restart.
   */
  durable: z.boolean().optional(),
  /** Following: milliseconds since it was last known to hold all that the leader has; 0 while it does. */
  lagMs: amount.optional(),
  /** Leading: what is in force now. */
  sync: sync.optional(),
  /** Names the data set (Postgres: the system identifier): copies of it have the same. */
  identity: z.string().max(128).optional(),
  /** What it held that no other had, when it was last made a copy of a leader that had gone on without it. */
  loss: z
    .object({
      /** Epoch of the leader that it was made to follow. */
      epoch: z.int().min(0),
      bytes: amount.optional(),
      transactions: z.int().min(0).optional(),
      /** For a person: what is known, and where the discarded data lies. */
      message: z.string().max(1024),
    })
    .optional(),
  /** What is wrong, where something is: one word for programs, and what a person can do. */
  problem: z.object({ reason: z.string().max(64), message: z.string().max(1024) }).optional(),
  /** Given anew in each report: a lease counts from the report whose nonce it names. */
  nonce: z.string().max(64).optional(),
});

const order = z.object({
  /** Name and UID of the pod that it is for; any other refuses. */
  member: z.string().max(253),
  uid: z.string().max(64).optional(),
  epoch: epoch.min(1),
  reason: z.string().max(1024).default(''),
});

/** What is read of an answer at most, whoever gives it. Bytes. */
export const maxAnswerBytes = 64 * 1024;

export const orderSchemas = {
  /**
   * Take writes. May come again with another `sync`. `init`: where it is Empty, begin a new data set. `nonce`, with `init`: of the
   * report in which it was Empty. A process that did not issue it must refuse: it may have been Empty before, have led, and
   * have lost its data since, while the order was on its way. `acceptOld`: lead even if what it holds is older than what it has
   * once held; without it, such a member must refuse.
   */
  promote: order.extend({
    init: z.boolean().default(false),
    sync: sync.optional(),
    nonce: z.string().max(64).optional(),
    acceptOld: z.boolean().optional(),
  }),
  /** Take no writes and follow the leader; where need be, become a copy of it first. */
  follow: order.extend({
    leader: z.object({
      member: z.string().max(253),
      /** An address: what a program makes of a name, a list or a path is its own business. */
      host: z.union([z.ipv4(), z.ipv6()], { error: 'is to be an IP address' }),
      /** Of the program. */
      port: z.int().min(1).max(65535),
    }),
    /** Offset at which the leader's term began: until it is reached, positions are told in the old term. */
    start: z.number().min(0).optional(),
  }),
  /** Take no writes, follow nobody. The answer comes when both have surely ended. */
  fence: order,
  /** As fence: for a member that is no leader any more, whoever is. */
  demote: order,
} as const;

export type OrderKind = keyof typeof orderSchemas;
export type Position = z.output<typeof position>;
export type SyncSet = z.output<typeof sync>;
export type MemberReport = z.output<typeof memberReportSchema>;
export type Order<K extends OrderKind = OrderKind> = z.output<(typeof orderSchemas)[K]>;

/** Why an order was refused. StaleEpoch: it has acknowledged a higher epoch, or a later sync set of this one. */
export type Refusal = 'StaleEpoch' | 'WrongMember' | 'Empty' | 'Foreign' | 'Invalid' | 'Failed';
