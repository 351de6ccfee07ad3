/** What a server says of itself, at one moment. */
export interface ServerInfo {
  /** Its data are being read from disk: on start, or at the end of a full resync. */
  loading: boolean;
  /**
   * Whether its log is on. A server turns it off to load what it got from its leader and on again when that is done; off and
   * not loading, it has failed at that and holds part of it, or nothing.
   */
  logging: boolean;
  /** Whether the log is being written anew: until that is done, a restart brings back what was before the resync. */
  rewriting: boolean;
  /** Which of its ways to write to disk fails, by the field that says so. */
  diskError: string | undefined;
  /** Names the history that its log belongs to, and the one that it went on from. */
  replid: string;
  replid2: string;
  /** Bytes of that history that it has applied. */
  offset: number;
  /** Whom it follows; absent: it takes writes. */
  master: MasterInfo | undefined;
}

export interface MasterInfo {
  host: string;
  port: number;
  linked: boolean;
  /** It is being made a copy: the data have begun to come. */
  syncing: boolean;
  /** Seconds since it last heard of its leader; undefined while it is not linked. */
  silentSeconds: number | undefined;
}

const diskFields = ['aof_last_write_status', 'aof_last_bgrewrite_status', 'rdb_last_bgsave_status'];

/** Its log lacks what it has in memory, until it can write again. A server that must sync each write would end. */
export const cannotLog = ({ diskError }: ServerInfo): boolean =>
  diskError === 'aof_last_write_status';

/**
 * Of the answer to `INFO replication persistence`.
 *
 * @throws Error where a field is missing that every server from 7.0 on has
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
            silentSeconds: silent < 0 ? undefined : silent,
          },
  };
}
