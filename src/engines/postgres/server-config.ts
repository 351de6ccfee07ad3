import type { LogRetention } from './log-retention.ts';
import { literal } from './quote.ts';
import { replicationUser } from './role.ts';

export interface ServerConfig {
  /** The user's file, which is included. */
  ownFile: string;
  /** primary_conninfo. */
  connection: string;
  /** synchronous_standby_names. */
  sync: string;
  readOnly: boolean;
  retention: LogRetention;
  /** The user's file has the max_wal_size that initdb has written. */
  hasDefaultLogSize: boolean;
  /** Absent: no TLS. */
  certificate: { file: string; key: string } | undefined;
}

/** What stands before the include is a default that the user may change; what stands after it may not be changed there. */
export function configText(config: ServerConfig): string {
  const { ownFile, connection, sync, readOnly, certificate, hasDefaultLogSize } = config;
  const { followersMiB, slotsMiB, checkpointMiB } = config.retention;
  const logSize = `max_wal_size = ${checkpointMiB}MB`;
  const lines = [
    '# Written by the agent of HAService: changes here are lost. Change the file in pgdata, or the arguments in the template.',
    '# A follower that lacks more log than this is cloned again. By the size of the volume and what is free: see docs/engines.md.',
    `wal_keep_size = ${followersMiB}MB`,
    '# A replication slot that needs more is invalidated, so that it cannot fill the volume.',
    `max_slot_wal_keep_size = ${slotsMiB}MB`,
    ...(hasDefaultLogSize ? [] : [logSize]),
    'wal_sender_timeout = 10s',
    'wal_receiver_timeout = 10s',
    'wal_retrieve_retry_interval = 500ms',
    `include_if_exists = ${literal(ownFile)}`,
    // Every data set says 1 GB there, which a small volume does not have.
    ...(hasDefaultLogSize ? [logSize] : []),
    "recovery_target_timeline = 'latest'",
    "primary_slot_name = ''",
    `primary_conninfo = ${literal(connection)}`,
    `synchronous_standby_names = ${literal(sync)}`,
    // Nothing more comes, and the end of the log is needed to go on: see FreeReplay.
    ...(connection === ''
      ? ['max_standby_streaming_delay = 0', 'max_standby_archive_delay = 0']
      : []),
    ...(readOnly ? ['default_transaction_read_only = on'] : []),
    ...(certificate === undefined
      ? []
      : [
          'ssl = on',
          `ssl_cert_file = ${literal(certificate.file)}`,
          `ssl_key_file = ${literal(certificate.key)}`,
        ]),
  ];
  return `${lines.join('\n')}\n`;
}

/**
 * Whether the user's file has the line that initdb writes, and no other: a user who wants that value sets it by other means. Files that
 * it includes may have another.
 */
export function hasDefaultLogSize(text: string): boolean {
  if (/^[ \t]*include(_dir|_if_exists)?\b/im.test(text)) return false;
  const lines = text.match(/^[ \t]*max_wal_size\b.*$/gim) ?? [];
  return lines.length === 1 && /^max_wal_size = 1GB\s*$/.test(lines[0]);
}

export function hbaText(tls: boolean): string {
  const host = tls ? 'hostssl' : 'host';
  return [
    'local all all trust',
    `local replication all trust`,
    `${host} replication ${replicationUser} all scram-sha-256`,
    `${host} all all all scram-sha-256`,
    ...(tls ? ['host all all samehost scram-sha-256'] : []),
    '',
  ].join('\n');
}
