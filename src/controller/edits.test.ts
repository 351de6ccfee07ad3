import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Pod } from '../kube/api-types.ts';
import { World } from './testing/world.ts';

let world: World;
/** What has gone wrong for clients or members since the service was healthy. */
let harms: Set<string>;
beforeEach(async () => {
  world = await World.start();
  harms = new Set();
});
afterEach(() => world.close());

const until = (done: () => boolean) => world.cluster.until(done);

const uids = () =>
  (world.cluster.list('pods') as Pod[]).map(({ metadata }) => metadata?.uid).sort();

/** Harm that a member suffers beside being replaced in its turn. */
function look(): void {
  if (world.behind('web').length === 0) harms.add('the write Service leads nowhere');
  for (const { pod, health, message } of world.status().members ?? []) {
    if (health === 'Unhealthy') harms.add(`${pod} ${message}`);
  }
  for (const { trigger } of world.status().failovers ?? []) {
    if (trigger !== 'Switchover') harms.add(trigger);
  }
}

/** The names of the pods that were deleted, in their order. */
async function deletedBy(edit: () => void): Promise<string[]> {
  await until(() => world.healthy());
  const before = world.cluster.writes.length;
  const old = uids();
  world.cluster.refuse = () => {
    look();
    return undefined;
  };
  edit();
  await until(
    () => world.healthy() && uids().every((uid) => !old.includes(uid)) && uids().length === 3,
  );
  const deletions = world.writes(before).filter((write) => write.startsWith('DELETE pods/'));
  return deletions.map((write) => write.replace('DELETE pods/', ''));
}

const strong = { consistency: 'Strong', leaseDuration: '1500ms', minInterval: '0s' };

const website = (path: string, engine: object = { http: { path } }) => ({
  engine,
  template: {
    spec: {
      containers: [
        {
          name: 'web',
          image: 'web',
          command: ['web'],
          env: [{ name: 'HEALTH_PATH', value: path }],
        },
      ],
    },
  },
});

it.each<[string, object, object]>([
  ['the path of the check', website('/old'), website('/new')],
  ['the check alone', { engine: { type: 'TCP' } }, { engine: { type: 'HTTP' } }],
  [
    'the kind of the check',
    website('/', { type: 'TCP' }),
    website('/deep', { type: 'HTTP', http: { path: '/deep' } }),
  ],
])(
  'an edit replaces the members one by one, the primary last, and harms nobody: %s',
  async (_what, before, after) => {
    world.apply('web', before);
    const deleted = await deletedBy(() => world.apply('web', after));
    expect([...harms]).toEqual([]);
    expect(deleted).toEqual(['web-2', 'web-1', 'web-0']);
  },
);

it('a check that no new member passes stops the rolling update at the first, and is healed by the former one', async () => {
  world.apply('web', { engine: { http: { path: '/' } } });
  await until(() => world.healthy());
  const [first, second] = uids();
  const path = (wanted: string) => ({ ...website(wanted), engine: { http: { path: '/ready' } } });
  world.apply('web', path('/other'));
  await until(() => world.condition('Degraded')?.reason === 'MemberUnhealthy');
  expect(world.condition('Progressing')?.message).toContain('run by the former spec');
  expect(world.behind('web')).toEqual(['web-0']);
  world.apply('web', { engine: { http: { path: '/' } } });
  await until(() => world.healthy());
  expect(uids()).toEqual(expect.arrayContaining([first, second]));
});

it.each<[string, object]>([
  ['ActiveActive', { topology: 'ActiveActive' }],
  ['a longer lease', { failover: { ...strong, leaseDuration: '60s' } }],
])('members with a lease are replaced one by one, and harm nobody: %s', async (_what, after) => {
  world.apply('web', { ...website('/'), failover: strong });
  await until(() => world.healthy());
  await deletedBy(() => world.apply('web', { ...website('/'), ...after }));
  expect([...harms]).toEqual([]);
});

it('a primary with a lease leads on with it when the lease is given up, until its turn has come', async () => {
  const eventual = website('/', { type: 'HTTP' });
  world.apply('web', { ...eventual, failover: strong });
  await until(() => world.healthy());
  expect(world.agents.size).toBe(3);
  const agent = world.agents.get('web-0');
  const grants = agent?.grants ?? 0;
  const deleted = await deletedBy(() => world.apply('web', eventual));
  expect([...harms]).toEqual([]);
  expect(deleted).toEqual(['web-2', 'web-1', 'web-0']);
  expect(agent?.grants).toBeGreaterThan(grants);
});

it('Strong for a template without a command is told and replaces nobody, and failovers go on', async () => {
  const template = { spec: { containers: [{ name: 'web', image: 'web' }] } };
  world.apply('web', { template });
  await until(() => world.healthy());
  const old = uids();
  world.apply('web', { template, failover: strong });
  await until(() => world.condition('Degraded')?.reason === 'CommandMissing');
  expect(world.status()).toMatchObject({ ready: '3/3', consistency: 'Eventual' });
  world.programs.get('web-0')?.kill();
  await until(() => world.behind('web').join() === 'web-1');
  expect(uids()).toEqual(old);
});

const named = (targetPort: string) => ({
  ports: [{ port: 80, targetPort }],
  template: {
    spec: {
      containers: [
        { name: 'web', image: 'web', ports: [{ name: 'http', containerPort: world.port }] },
      ],
    },
  },
});

it('a misspelled targetPort starts nothing, says so, and the corrected one starts the service', async () => {
  world.apply('web', named('htpp'));
  await until(() => world.condition('Degraded')?.reason === 'PortNotFound' && uids().length === 3);
  const old = uids();
  world.apply('web', named('http'));
  await until(() => world.healthy() && uids().every((uid) => !old.includes(uid)));
});
