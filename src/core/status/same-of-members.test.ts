import { expect, it } from 'vitest';
import { conditionOf } from './events.ts';
import { messagesOf } from './same-of-members.ts';
import { decide } from '../decide.ts';
import type { Degradation } from '../model/fault.ts';
import { makeObserved, running, t0 } from '../testing/fixtures.ts';

const of = (service: string, ...messages: string[]) =>
  messagesOf(
    service,
    messages.map((message): Degradation => ({ reason: 'TemplateRefused', message })),
  );

it('says once what is the same for several members, with their names', () => {
  const refused = (pod: string) => `cannot create Pod ${pod}: 422 Pod "${pod}" is invalid`;
  expect(of('web', refused('web-0'), refused('web-1'), refused('web-2'))).toEqual([
    'cannot create Pod web-0: 422 Pod "web-0" is invalid; the same for web-1 and web-2',
  ]);
  const unbound = (pod: string) => `${pod} waits for claim data-${pod}`;
  expect(of('web', unbound('web-0'), unbound('web-10'))).toEqual([
    'web-0 waits for claim data-web-0; the same for web-10',
  ]);
  expect(of('web', 'claim data-web-0 has 1Gi', 'claim data-web-1 has 1Gi')).toEqual([
    'claim data-web-0 has 1Gi; the same for data-web-1',
  ]);
});

it('keeps what differs, also in a name of another member or service', () => {
  const messages = [
    'web-1 does not follow web-0',
    'web-2 does not follow web-1',
    'my-web-1 is full',
  ];
  expect(of('web', ...messages)).toEqual(messages);
  expect(of('web', 'TooFewZones', 'TooFewZones')).toEqual(['TooFewZones']);
});

it('does so in the condition Degraded', () => {
  const { resource, members } = running();
  const unschedulable = '0/3 nodes are available: 3 Insufficient memory';
  const waiting = members.map(({ health: _, ...m }) => ({ ...m, phase: 'Pending', unschedulable }));
  const { status } = decide(resource, makeObserved(waiting), t0);
  const message = conditionOf(status, 'Degraded')?.message ?? '';
  expect(message.split('finds no node')).toHaveLength(2);
  expect(message).toMatch(/^web-0 finds no node: .*; the same for web-1 and web-2$/);
});
