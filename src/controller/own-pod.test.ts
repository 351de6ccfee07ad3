import { expect, it } from 'vitest';
import { HAError } from '../api/errors.ts';
import { FakeClock } from '../lib/fake-clock.ts';
import { silentLog } from '../lib/log.ts';
import { findOwnPod } from './own-pod.ts';

const env = { POD_NAME: 'operator-x', POD_NAMESPACE: 'system' };
const pod = {
  metadata: { uid: 'mine' },
  spec: {
    containers: [
      { name: 'proxy', image: 'proxy:1' },
      { name: 'operator', image: 'operator:7' },
    ],
  },
};
const self = { namespace: 'system', name: 'operator-x', uid: 'mine' };

function find(answer: () => Promise<unknown>, variables: NodeJS.ProcessEnv = env) {
  const clock = new FakeClock();
  const stop = new AbortController();
  const asked: unknown[] = [];
  const client = {
    get: (_type: unknown, ref: unknown) => {
      asked.push(ref);
      return answer() as Promise<never>;
    },
  };
  const options = { client, env: variables, clock, log: silentLog };
  return { clock, stop, asked, found: findOwnPod(options, stop.signal) };
}

it('finds its own pod, and the image of its container', async () => {
  const { found, asked } = find(() => Promise.resolve(pod));
  expect(await found).toEqual({ self, agentImage: 'operator:7' });
  expect(asked).toEqual([{ namespace: 'system', name: 'operator-x' }]);
});

it('prefers the image of AGENT_IMAGE to its own, and uses it also outside of a pod', async () => {
  const given = { AGENT_IMAGE: 'agent:1' };
  expect(await find(() => Promise.resolve(pod), { ...env, ...given }).found).toEqual({
    self,
    agentImage: 'agent:1',
  });
  const { found, asked } = find(() => Promise.resolve(pod), given);
  expect(await found).toEqual({ agentImage: 'agent:1' });
  expect(asked).toEqual([]);
});

it('waits for an API server that does not answer or refuses at first, and gives up after 30 s of refusals', async () => {
  let error = new HAError('HA_ERR_API_UNREACHABLE', 'GET x');
  const { clock, found, asked } = find(() => Promise.reject(error));
  await new Promise(setImmediate);
  expect(asked).toHaveLength(1);
  error = new HAError('HA_ERR_API_STATUS', 'GET x', { status: 403 });
  for (let asks = 2; asks <= 32; asks++) {
    clock.advance(1_000);
    await new Promise(setImmediate);
    expect(asked).toHaveLength(asks);
  }
  expect(await found).toEqual({});
});

it('stops at the signal', async () => {
  const { stop, found } = find(() => Promise.reject(new HAError('HA_ERR_API_TIMEOUT', 'GET x')));
  await new Promise(setImmediate);
  stop.abort();
  expect(await found).toEqual({});
});
