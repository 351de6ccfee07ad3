/** Who may import whom: the pure core knows nothing of the network, and no part knows its caller. */

const tests = '(\\.test\\.ts$|/testing(/|\\.ts$))';

/**
 * @param {string} folder under src
 * @param {string[]} imports the other folders that its code may import
 * @returns {import('dependency-cruiser').IForbiddenRuleType}
 */
const only = (folder, imports) => ({
  name: `${folder} imports ${imports.join(', ') || 'nothing else'} of src`,
  severity: 'error',
  from: { path: `^src/${folder}/`, pathNot: tests },
  to: { path: '^src/', pathNot: `^src/(${[folder, ...imports].join('|')})[/.]` },
});

/** What core may import of src. */
const outside = ['api', 'protocol', 'lib/hash', 'lib/random'];

/** What controller may import of src. */
const belowController = [
  'api',
  'protocol',
  'lib',
  'core',
  'calendar',
  'heartbeat',
  'member-client',
  'kube',
  'telemetry',
];

/**
 * @param {string} house
 * @param {string[]} rooms each imports those before it
 * @param {string[]} others folders that all of them may import
 * @returns {import('dependency-cruiser').IForbiddenRuleType[]}
 */
const stories = (house, rooms, others) =>
  rooms.map((room, i) =>
    only(`${house}/${room}`, [...rooms.slice(0, i).map((below) => `${house}/${below}`), ...others]),
  );

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    only('lib', []),
    only('api', []),
    only('protocol', ['api']),
    only('core', outside),
    // From the bottom up: each room of core knows those before it. decide.ts and commit.ts, at the door, know all.
    ...stories(
      'core',
      ['model', 'resources', 'failover', 'roles', 'replicas', 'chaos', 'status'],
      outside,
    ),
    // operator.ts at the door knows all.
    ...stories('controller', ['state', 'record', 'observe', 'act', 'reconcile'], belowController),
    only('member-client', ['api', 'protocol', 'lib']),
    only('engines', ['api', 'protocol', 'lib']),
    only('heartbeat', ['api', 'protocol', 'lib', 'core', 'member-client']),
    only('kube', ['api', 'lib']),
    // Computes times alone: what happens at them is decided in core.
    only('calendar', ['api', 'lib']),
    {
      name: 'calendar does no input or output, and knows no package but croner',
      severity: 'error',
      from: { path: '^src/calendar/', pathNot: tests },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '(^|/)node_modules/croner/' },
    },
    // What runs in the pods of members: nothing of the cluster, and of telemetry the log alone.
    only('agent', ['api', 'protocol', 'lib', 'engines', 'member-client', 'telemetry/log']),
    // It counts what heartbeat and kube declare as their metrics.
    only('telemetry', ['api', 'protocol', 'lib', 'heartbeat', 'kube']),
    {
      name: 'only the agent imports engines and what else runs in pods of members',
      severity: 'error',
      from: { path: '^src/', pathNot: ['^src/(agent|engines)/', tests] },
      to: { path: '^src/(agent|engines)/', pathNot: ['^src/agent/main\\.ts$'] },
    },
    {
      name: 'engines do not know each other',
      severity: 'error',
      from: { path: '^src/engines/([^/]+)/', pathNot: tests },
      to: { path: '^src/engines/([^/]+)/', pathNot: '^src/engines/$1/' },
    },
    {
      name: 'core does no input or output',
      severity: 'error',
      from: { path: '^src/core/', pathNot: tests },
      to: { dependencyTypes: ['core', 'npm'] },
    },
    {
      name: 'protocol does no input or output, and knows no package but zod',
      severity: 'error',
      from: { path: '^src/protocol/', pathNot: tests },
      to: { dependencyTypes: ['core', 'npm'], pathNot: '(^|/)node_modules/zod/' },
    },
    {
      name: 'src does not import tests',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { path: ['^test/', '^scripts/', tests] },
    },
    {
      name: 'the operator runs without development packages',
      severity: 'error',
      from: { path: '^src/', pathNot: tests },
      to: { dependencyTypes: ['npm-dev', 'npm-no-pkg', 'unknown'] },
    },
    { name: 'no cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no cycles between folders of src',
      severity: 'error',
      scope: 'folder',
      from: { path: '^src/[^/]+$' },
      to: { circular: true },
    },
    {
      name: 'no orphans',
      severity: 'error',
      from: { orphan: true, pathNot: ['\\.test\\.ts$', '(^|/)main\\.ts$', '^scripts/', '^[^/]+$'] },
      to: {},
    },
    { name: 'resolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node'] },
  },
};
