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

/** @type {import('dependency-cruiser').IConfiguration} */
export default {
  forbidden: [
    only('api', []),
    only('core', ['api']),
    only('engines', ['api', 'core']),
    only('heartbeat', ['api', 'core', 'engines', 'telemetry']),
    only('kube', ['api', 'core', 'telemetry']),
    // What runs in the pods of members: nothing of the cluster, and of telemetry the log alone.
    only('agent', ['api', 'core', 'engines', 'telemetry/log']),
    // It counts what heartbeat and kube declare as their metrics.
    only('telemetry', ['api', 'core', 'heartbeat', 'kube']),
    {
      name: 'core does no input or output',
      severity: 'error',
      from: { path: '^src/core/', pathNot: tests },
      to: { dependencyTypes: ['core', 'npm'] },
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
