import { expect, it } from 'vitest';
import { KubeClient } from '../kube/client.ts';
import { FakeApiServer, json } from '../kube/testing/fake-api-server.ts';
import { systemClock } from '../lib/clock.ts';
import type { Log } from '../lib/log.ts';
import { Metrics } from '../telemetry/metrics.ts';
import { Operator } from './operator.ts';

/** Lines of the log from warnings on. */
const lines: string[] = [];
const keep = (_fields: object, line: string) => void lines.push(line);
const log: Log = { debug() {}, info() {}, warn: keep, error: keep, child: () => log };

it.each([
  ['all namespaces', undefined],
  ['one namespace', ['shop']],
])(
  'without its CRD the operator says once in its log, and to the readiness probe, how to install it: %s',
  async (_, watchNamespaces) => {
    lines.length = 0;
    const asked = () => api.requests.filter(({ path }) => path.endsWith('/haservices')).length;
    let isInstalled = false;
    const api = await FakeApiServer.start((request, response) => {
      if (request.query.get('watch') === 'true') response.writeHead(200).flushHeaders();
      else if (request.path.endsWith('/haservices') && !isInstalled) {
        response.writeHead(404, { 'content-type': 'text/plain' }).end('404 page not found\n');
      } else json(response, 200, { metadata: { resourceVersion: '10' }, items: [] });
    });
    const client = KubeClient.fromKubeConfig(api.config());
    const operator = new Operator({
      ...{ client, log, clock: systemClock, random: () => 0, metrics: new Metrics() },
      ...{ namespace: 'system', nodeName: undefined, instance: 'test', watchNamespaces },
      ...{ onOtherNamespaces: () => {}, self: undefined, agentImage: undefined },
    });
    const stop = new AbortController();
    const running = operator.run(stop.signal);
    // The other kinds are listed meanwhile.
    while (asked() < 3 || operator.notReady()?.includes(',') === true) {
      await new Promise(setImmediate);
    }
    const line =
      'the API server does not know the kind HAService: the CRD is missing: `kubectl apply -k crds`';
    expect(lines.filter((each) => /HAService|watch failed/.test(each))).toEqual([line]);
    expect(operator.notReady()).toBe(`waiting for the list of HAService; ${line}`);
    isInstalled = true;
    while (operator.notReady() !== undefined) await new Promise(setImmediate);
    stop.abort();
    await running;
    await client.close();
    await api.close();
  },
);
