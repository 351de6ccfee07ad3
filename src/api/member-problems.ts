import type { Explanation } from './errors.ts';

/**
 * What the agent, Redis and Postgres report as wrong with a member: each word becomes a reason of the condition Degraded. The
 * agent also reports error codes, see errors.ts. A program that speaks the member protocol itself, and a status command of Exec,
 * may report any word of their own.
 */
export const memberProblems = {
  DataLost: {
    meaning: 'Redis: the volume held data and is empty now',
    whatToDo:
      'nothing, if another member has the data: this one becomes a copy of it; else restore a backup',
  },
  CloneInterrupted: {
    meaning: 'Redis: the member ended while it was being made a copy, and may hold older data',
    whatToDo: 'bring back a member that has all data: this one becomes a copy of it',
  },
  CloneFailed: {
    meaning: 'Postgres: the member could not be cloned or rewound; it is tried again',
    whatToDo: 'see the message, and the log of the member',
  },
  ForeignData: {
    meaning: 'Postgres: the volume holds data of another service, which are left alone',
    whatToDo: 'give the member an empty volume, or the right one',
    needsPerson: true,
  },
  LogOff: {
    meaning: 'Redis: the append-only log of a member was turned off: a restart would lose data',
    whatToDo: '`CONFIG SET appendonly yes`',
  },
  RoleChanged: {
    meaning: 'Redis: somebody other than the agent has sent `REPLICAOF`',
    whatToDo: 'find who has the password, and let only the agent send that command',
  },
  ForeignReplica: {
    meaning:
      'Strong: a client that is no member replicates from the leader, or tries to: it would count as a member, and is refused',
    whatToDo:
      'Redis: let it replicate from a follower. Postgres: give it an `application_name` of its own. Or end it',
  },
  WeakSettings: {
    meaning: 'Strong: a setting of the leader was changed so that acknowledged writes can be lost',
    whatToDo: 'run what the message says; to accept the loss, write `consistency: Eventual`',
    needsPerson: true,
  },
  SettingIgnored: {
    meaning:
      'Postgres: the args of the template set something that only the operator may set, as members could not replicate otherwise',
    whatToDo: 'remove what the message names from the args',
    isOfSpec: true,
  },
  LimitKept: {
    meaning:
      'Postgres: `max_connections` or one of its kin was lowered, and the former value still counts, as a standby needs at least the value with which the log was written',
    whatToDo: 'ask for the value that the message names; a lower one needs a new data set',
    isOfSpec: true,
  },
  ForeignSettings: {
    meaning:
      'Postgres, Eventual: somebody has changed a setting that only the operator may change, and it was set back',
    whatToDo: 'find who has changed it; a tool that needs its own standby cannot be awaited',
  },
  DataDamaged: {
    meaning:
      'Postgres: the volume holds data that no server can be started with, as their version is not known',
    whatToDo:
      'restore the file that the message names; if other members have all data, delete the volume claim and the pod instead: a new copy is made',
    needsPerson: true,
  },
  StartFailed: {
    meaning: 'Postgres: the server ends before it has read its data, such as for a wrong setting',
    whatToDo: 'correct the setting that the message names; the server is tried again',
    keepsDown: true,
  },
  LeadsUnordered: {
    meaning: 'the program takes writes although the operator has not promoted it',
    whatToDo: 'let it start as a program that takes no writes',
  },
  LeaderUnreachable: {
    meaning: 'a member cannot talk to the leader that it should follow',
    whatToDo: 'check the network between the two, network policies and, with TLS, the certificates',
  },
  NotLinked: {
    meaning: 'Postgres: the leader answers, but sends no log',
    whatToDo: 'see the logs of both; raise `max_wal_senders` if it is used up',
  },
  ReplayPaused: {
    meaning:
      'Postgres: a follower receives the log, but does not replay it: its leader has higher limits, such as `max_connections`, or somebody has paused it',
    whatToDo:
      'nothing if limits are the reason: the follower restarts with them; else run `SELECT pg_wal_replay_resume()` on it',
  },
  SessionsWait: {
    meaning:
      'Postgres: no new session begins, as somebody has locked `pg_authid`, or as the log of a member that has restarted ends with a lock on a catalog',
    whatToDo:
      'end the session that holds the lock (`pg_locks`), over one that is open; or delete the pod of the leader; for a restarted member do what the message says',
  },
  TooManyConnections: {
    meaning: 'Postgres: the leader has no connection left for a follower',
    whatToDo: 'raise `max_connections` or `max_wal_senders`',
  },
  WrongPassword: {
    meaning: 'the leader refuses the password of a member',
    whatToDo: 'let the Secret hold the password that the leader has, and restart the member',
  },
  PasswordMissing: {
    meaning:
      'the Secret of `engine.passwordSecret` holds no password: a program waits for it, and one that runs goes on with the last password; or a Postgres has no `engine.passwordSecret`',
    whatToDo:
      'do what the message says: run its command, which writes a password into the Secret, or write `engine.passwordSecret`',
    needsPerson: true,
    isOfSpec: true,
  },
  PasswordRefused: {
    meaning:
      'the password of the Secret cannot be used, or the server does not take it over: the program goes on with the former one',
    whatToDo: 'do what the message says: write another password, or end what holds the server up',
  },
  CommandRefused: {
    meaning: 'Redis: the server refuses a command that the agent needs, so that the member waits',
    whatToDo:
      'remove `rename-command` for that command, and let the user `default` run all commands',
    keepsDown: true,
  },
  CertificateRefused: {
    meaning: 'the server refuses a renewed certificate, and goes on with the former one',
    whatToDo: 'let `tls.crt`, `tls.key` and `ca.crt` of the Secret belong together',
  },
  OtherVersion: {
    meaning: 'Postgres: the image has another major version than the data, which cannot be read',
    whatToDo: 'write the former image again: the members that have the new one are replaced',
    needsPerson: true,
  },
  NotScram: {
    meaning: 'Postgres: the leader asks for the password in another way than SCRAM',
    whatToDo: 'write `scram-sha-256` in the `pg_hba.conf` of the leader',
    needsPerson: true,
  },
  NotAllowed: {
    meaning: 'Postgres: the leader does not let the role `haservice` in, or it lacks a right',
    whatToDo: 'do what the message says: `pg_hba.conf`, `CREATE ROLE` or `GRANT pg_monitor`',
    needsPerson: true,
  },
  DataRetained: {
    meaning:
      'Postgres: data that a member had to discard are still on its volume, and take more than is free there',
    whatToDo:
      'copy what you need from the folder that the message names, and remove the folder; or make the volume larger',
  },
  DiskFull: {
    meaning: 'the volume of the data is full',
    whatToDo: 'make the volume larger, or remove what is not needed from it',
  },
  DiskError: {
    meaning: 'Redis: the server cannot write to its volume',
    whatToDo: 'check the volume, and see the log of the member',
  },
  StateFile: {
    meaning: 'Redis: the agent cannot write down what it must remember of the data',
    whatToDo: 'check that the volume is mounted, writable and not full',
  },
  Failed: {
    meaning: 'the agent could not ask the program, for a reason that has no code',
    whatToDo: 'see the message, and the log of the member',
  },
} as const satisfies Record<string, Explanation>;

export type MemberReason = keyof typeof memberProblems;
