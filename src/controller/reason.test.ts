import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Status } from '../api/status.ts';
import { World } from './testing/world.ts';

let world: World;
beforeEach(async () => {
  world = await World.start();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);
const agent = (name: string) => world.agents.get(name)!;

/** The kubelet ends the pod of the primary; what becomes of the program meanwhile? */
it.each<[string, () => void]>([
  ['ends at once', () => agent('db-0').kill()],
  ['answers nothing more', () => agent('db-0').freeze()],
  ['refuses the fence', () => agent('db-0').refuses.set('fence', 'Failed')],
])(
  'an ordinary failover names its cause alone: a primary whose pod is deleted %s',
  async (_, inject) => {
    const seen: string[] = [];
    const engine = { type: 'Redis' };
    const failover = { consistency: 'Strong' };
    world.apply('db', { topology: 'LeaderFollower', engine, failover });
    await until(() => world.healthy('db') && agent('db-2').report().linked === true);
    world.kubelet = false;
    world.cluster.refuse = (write, object) => {
      if (write !== 'PUT haservices/db/status') return undefined;
      const {
        epoch,
        reason,
        phase,
        conditions = [],
      } = (object as { status?: Status }).status ?? {};
      const degraded = conditions.find(({ type }) => type === 'Degraded');
      if (epoch === 2) seen.push(`${phase} ${reason} ${degraded?.reason}`);
      return undefined;
    };
    inject();
    const pod = world.cluster.get('pods', 'db-0');
    const deletionTimestamp = new Date(Date.now() + 30_000).toISOString();
    const metadata = { ...pod?.metadata, name: 'db-0', deletionTimestamp };
    world.cluster.put('pods', { ...pod, metadata });
    await until(
      () => world.behind('db').join() === 'db-1' && world.status('db').phase === 'Degraded',
    );
    // Its program, if it runs, says that it leads, until the grace period of its pod is over.
    const others = seen.filter(
      (each) =>
        !/^FailingOver (PrimaryDown|Promoting|MemberDead) (MembersMissing|MemberDead)$/.test(each),
    );
    expect([...new Set(others)]).toEqual(['Degraded MembersMissing MembersMissing']);
  },
);
