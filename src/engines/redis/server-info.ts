/** The state of a server at one moment, as it reports it. */
export interface ServerInfo {
  /** It is reading its data from disk: on start, or at the end of a full resync. */
  loading: boolean;
  /**
   * Whether its log is on. A server turns it off to load data from its leader, and on again when that is done; off and not
   * loading, it has failed at that and holds a part of the data, or none.
   */
  logging: boolean;
  /** Whether the log is being rewritten: until that is done, a restart brings back the data from before the resync. */
  rewriting: boolean;
  /** Which kind of disk write fails: the field that says so. */
  diskError: string | undefined;
  /** Identifies the history of its log, and the history that this one has continued. */
  replid: string;
  replid2: string;
  /** How many bytes of that history it has applied. */
  offset: number;
  /** The leader that it follows; absent: it takes writes. */
  master: MasterInfo | undefined;
}

export interface MasterInfo {
  host: string;
  port: number;
  linked: boolean;
  /** It is being made a copy: data are being transferred. */
  syncing: boolean;
  /** How much of them has come; the total is not known if the leader sends them straight from its memory. */
  copied: { bytes: number; totalBytes: number | undefined } | undefined;
  /** Seconds since it last heard from its leader; undefined while it is not linked. */
  silentSeconds: number | undefined;
}

const diskFields = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'];

/** Its log lacks data that are in memory, until it can write again. A server that must sync each write would end. */
export const cannotLog = ({ diskError }: ServerInfo): boolean =>
  diskError === 'aof_last_write_status';

/**
 * Parses the answer to `INFO replication persistence`.
 *
 * @throws Error if a field is missing that every server from 7.0 on has
 */
export function readInfo(text: string): ServerInfo {
  const fields = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const colon = line.indexOf(':');
    if (colon > 0) fields.set(line.slice(0, colon), line.slice(colon + 1));
  }
  const get = (name: string): string => {
    const value = fields.get(name);
    if (value === undefined) throw new Error(`INFO has no ${name}: Redis 7.0 or later is needed`);
    return value;
  };
  const total = Number(fields.get('master_sync_total_bytes') ?? 0);
  const read = fields.get('master_sync_read_bytes');
  const silent = Number(fields.get('master_last_io_seconds_ago') ?? -1);
  return {
    loading: get('loading') === '1',
    logging: get('aof_enabled') === '1',
    rewriting: get('aof_rewrite_in_progress') === '1' || get('aof_rewrite_scheduled') === '1',
    diskError: diskFields.find((name) => get(name) !== 'ok'),
    replid: get('master_replid'),
    replid2: get('master_replid2'),
    offset: Number(get('master_repl_offset')),
    master:
      get('role') === 'master'
        ? undefined
        : {
            host: get('master_host'),
            port: Number(get('master_port')),
            linked: get('master_link_status') === 'up',
            syncing: get('master_sync_in_progress') === '1',
            copied:
              read === undefined
                ? undefined
                : { bytes: Number(read), totalBytes: total > 0 ? total : undefined },
            silentSeconds: silent < 0 ? undefined : silent,
          },
  };
}
