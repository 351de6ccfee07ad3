import { join } from 'node:path';

/** Paths below engine.dataDir. The agent's own state is beside them, in `.haservice/`. */
export interface Layout {
  top: string;
  /** PGDATA. */
  data: string;
  /** Folder in which a copy of the leader is made; it replaces `data` once it is complete. */
  clone: string;
  /** Folder in which a new data set is created, likewise. */
  initdb: string;
  /** The agent's settings for the server. Outside of PGDATA, as a clone or a rewind brings the leader's files. */
  settings: string;
  /** Exists once pg_rewind has begun: `data` is neither old nor new until the server has become consistent. */
  rewinding: string;
  /** The loss at the last clone or rewind. */
  loss: string;
}

export function layoutOf(top: string): Layout {
  const settings = join(top, '.haservice-postgres');
  return {
    top,
    data: join(top, 'pgdata'),
    clone: join(top, 'pgdata.clone'),
    initdb: join(top, 'pgdata.init'),
    settings,
    rewinding: join(settings, 'rewinding'),
    loss: join(settings, 'loss.json'),
  };
}

/** Retained data that had diverged, by the epoch of the leader that continued without them. */
export const divergedName = /^pgdata-diverged-\d+$/;
export const divergedPath = ({ top }: Layout, epoch: number) =>
  join(top, `pgdata-diverged-${epoch}`);
