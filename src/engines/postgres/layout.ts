import { join } from 'node:path';

/** Where things lie below engine.dataDir. The agent's own state is beside them, in `.haservice/`. */
export interface Layout {
  top: string;
  /** PGDATA. */
  data: string;
  /** Where a copy of the leader is made; it takes the place of `data` when it is complete. */
  clone: string;
  /** Where a new data set is made, likewise. */
  begun: string;
  /** What the agent tells the server. Outside of PGDATA, as a clone or a rewind brings the leader's files. */
  settings: string;
  /** pg_rewind has begun: `data` is neither old nor new until the server has become consistent. */
  rewinding: string;
  /** What was lost at the last clone or rewind. */
  loss: string;
}

export function layoutOf(top: string): Layout {
  const settings = join(top, '.haservice-postgres');
  return {
    top,
    data: join(top, 'pgdata'),
    clone: join(top, 'pgdata.clone'),
    begun: join(top, 'pgdata.init'),
    settings,
    rewinding: join(settings, 'rewinding'),
    loss: join(settings, 'loss.json'),
  };
}

/** An old copy that had diverged, by the epoch of the leader that went on without it. */
export const divergedName = /^pgdata-diverged-\d+$/;
export const divergedPath = ({ top }: Layout, epoch: number) =>
  join(top, `pgdata-diverged-${epoch}`);
