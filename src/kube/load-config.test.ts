import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { loadKubeConfig } from './load-config.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'kubeconfig-'));
  vi.stubEnv('HOME', dir);
  vi.stubEnv('KUBECONFIG', join(dir, 'config'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dir, { recursive: true });
});

const config = (server: string) => `
apiVersion: v1
kind: Config
current-context: c
contexts: [{ name: c, context: { cluster: c, user: u } }]
clusters: [{ name: c, cluster: { server: '${server}' } }]
users: [{ name: u, user: {} }]
`;

it('reads the file that KUBECONFIG names', () => {
  writeFileSync(join(dir, 'config'), config('https://10.0.0.1:6443'));
  expect(loadKubeConfig().getCurrentCluster()?.server).toBe('https://10.0.0.1:6443');
});

it.each([
  ['does not exist', undefined],
  ['is not YAML', '{{{'],
  ['names a server without TLS', config('http://localhost:8080')],
])('says what to do if the file %s', (_, text) => {
  if (text !== undefined) writeFileSync(join(dir, 'config'), text);
  expect(() => loadKubeConfig()).toThrow(/run the operator in a pod, or set KUBECONFIG/);
});
