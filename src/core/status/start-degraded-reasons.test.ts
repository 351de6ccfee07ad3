import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import type { ContainerEnd } from '../model/container-state.ts';
import type { Health, Member } from '../model/observed.ts';
import { dead, healthy, makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { memberDegradedReason, nextDegradedAtMs } from './degraded-reasons.ts';

const resource = makeResource();
const unheard = (more: Partial<Health> = {}) =>
  healthy({ verdict: 'Unknown', message: 'refuses', sinceWallMs: t0 - 1_000, ...more });
const end = (more: Partial<ContainerEnd> = {}): ContainerEnd => ({
  ...{ container: 'web', reason: 'Error', exitCode: 1, finishedAtMs: t0 - 500, count: 2 },
  ...more,
});
const told = (more: Partial<Member>, nowMs = t0) =>
  memberDegradedReason(resource, makeMember(resource, 1, { health: unheard(), ...more }), nowMs);

describe('a container that ends again and again', () => {
  it('is told also while it runs for a moment, and not once alone', () => {
    expect(told({ lastEnd: end({ count: 1 }) })).toBeUndefined();
    expect(told({ lastEnd: end() })).toMatchObject({
      reason: 'ContainerNotStarting',
      message: expect.stringMatching(
        /^web-1 does not come up: container web of web-1 ended 2 times, last at .*: Error, exit code 1; see `kubectl logs -p/,
      ) as string,
    });
  });

  it('is told of a member that was heard in between, and that has not started its program', () => {
    const lastEnd = end();
    expect(told({ lastEnd, health: dead('Refused') })?.reason).toBe('ContainerNotStarting');
    const starting = healthy({ report: { state: 'Starting', epoch: 0, ledEpoch: 0 } });
    expect(told({ lastEnd, health: starting })?.reason).toBe('ContainerNotStarting');
    expect(told({ lastEnd, health: healthy() })).toBeUndefined();
  });

  it('is not told of an end long before the fault of now', () => {
    const lastEnd = end({ finishedAtMs: t0 - 60_000 });
    expect(told({ lastEnd, health: dead('Silent') })?.reason).toBe('MemberDead');
    // This operator has not had the time to hear it.
    expect(told({ lastEnd, health: unheard() })).toBeUndefined();
    const health = unheard({ sinceWallMs: t0 - 10_000 });
    expect(told({ lastEnd, health })?.reason).toBe('ContainerNotStarting');
  });

  it('is no longer told if it has run for ten minutes: then nobody hears it', () => {
    const lastEnd = end();
    const untilMs = lastEnd.finishedAtMs + 600_000;
    const members = [makeMember(resource, 1, { health: unheard(), lastEnd })];
    expect(told({ lastEnd }, untilMs - 1)?.reason).toBe('ContainerNotStarting');
    expect(told({ lastEnd }, untilMs)?.reason).toBe('NotHeard');
    const lateMs = t0 + 60_000;
    expect(nextDegradedAtMs(resource, makeObserved(members), lateMs)).toBe(untilMs);
  });
});

describe('what is said of an end', () => {
  const cause = 'exec: "ngnix": executable file not found in $PATH';
  const unstarted = end({
    reason: 'StartError',
    exitCode: 128,
    message: `runc failed:\n${cause}\n`,
  });

  it('is told, without a log if the program never ran', () => {
    const waiting = { container: 'web', reason: 'CrashLoopBackOff', message: '', end: unstarted };
    for (const message of [told({ waiting })?.message, told({ lastEnd: unstarted })?.message]) {
      expect(message).toContain(
        `exit code 128, the container runtime says: runc failed: ${cause}; correct container web in spec.template`,
      );
      expect(message).not.toContain('kubectl logs');
    }
  });

  it('is told with its end if it is long, as there is the cause', () => {
    const lastEnd = { ...unstarted, message: `${'x'.repeat(1_000)}: ${cause}` };
    expect(told({ lastEnd })?.message).toMatch(/says: \.\.\.x{100,400}: exec: "ngnix": .* \$PATH;/);
  });

  it('is told beside the log if the program itself has said it', () => {
    const { message } = told({ lastEnd: end({ message: 'no license' }) }) ?? {};
    expect(message).toMatch(/exit code 1, its last words: no license; see `kubectl logs -p/);
  });
});

it('a container that waits is not told with the end of another one', () => {
  const waiting = { container: 'web', reason: 'CrashLoopBackOff', message: '', end: end() };
  const lastEnd = end({ container: 'log', reason: 'OOMKilled', memoryLimit: '10Mi' });
  expect(told({ waiting, lastEnd })?.message).toMatch(/container web of web-1 ended .*-c web -n/);
  const { end: _none, ...first } = waiting;
  const fault = told({ waiting: { ...first, reason: 'RunContainerError' }, lastEnd });
  expect(fault?.message).not.toContain('log of web-1');
});

it('a member that nobody hears is not told with an end of long ago', () => {
  const health = unheard({ sinceWallMs: t0 - 10_000 });
  const lastEnd = end({ reason: 'OOMKilled', count: 1, finishedAtMs: t0 - 599_999 });
  const members = [makeMember(resource, 1, { health, lastEnd })];
  expect(told({ health, lastEnd })?.reason).toBe('OOMKilled');
  expect(nextDegradedAtMs(resource, makeObserved(members), t0)).toBe(t0 + 1);
  expect(told({ health, lastEnd }, t0 + 1)).toMatchObject({
    reason: 'NotHeard',
    message: expect.stringMatching(/refuses; check .* network policies$/) as string,
  });
});

it("an image of the agent is the operator's, and not one of the template", () => {
  const waiting = { container: 'haservice-agent', reason: 'ErrImagePull', message: 'denied' };
  expect(told({ waiting })?.message).toMatch(/operator's own .* imagePullSecrets of spec.template/);
});

it('a container that may not run as it is set up needs no Secret', () => {
  const message = 'container has runAsNonRoot and image will run as root';
  const waiting = { container: 'web', reason: 'CreateContainerConfigError', message };
  expect(told({ waiting })?.reason).toBe('ContainerNotStarting');
});

describe('too little memory', () => {
  const raise = 'raise resources.limits.memory of container web in spec.template';
  const killed = { reason: 'OOMKilled', exitCode: 137, memoryLimit: '10Mi' };
  const words = 'runc create failed: container init was OOM-killed (memory limit too low?)';

  it.each<[string, Partial<Member>, string]>([
    ['OOMKilled', { lastEnd: end(killed) }, `limit of 10Mi: ${raise}`],
    [
      'OOMKilled',
      {
        waiting: {
          ...{ container: 'web', reason: 'CrashLoopBackOff', message: '', end: end(killed) },
        },
      },
      `limit of 10Mi: ${raise}`,
    ],
    // The kubelet has tried once, and nothing has ended yet.
    [
      'OOMKilled',
      { waiting: { container: 'web', reason: 'RunContainerError', message: words } },
      raise,
    ],
    [
      'OOMKilled',
      {
        lastEnd: end({ reason: 'StartError', exitCode: 128, message: words, memoryLimit: '10Mi' }),
      },
      raise,
    ],
    [
      'OOMKilled',
      { lastEnd: end({ ...killed, container: 'haservice-agent', memoryLimit: '8Mi' }) },
      'limit of 8Mi: raise spec.agent.resources',
    ],
    [
      'OOMKilled',
      { lastEnd: end({ reason: 'OOMKilled' }) },
      'memory of its pod or node is used up',
    ],
    // The agent passes on that its program was killed, and the kubelet does not know by whom.
    [
      'ContainerNotStarting',
      { lastEnd: end({ exitCode: 137, memoryLimit: '10Mi' }) },
      `killed by signal 9; its memory limit is 10Mi: if that is too low, ${raise}`,
    ],
  ])('is told as %s', (reason, member, message) => {
    expect(told(member)).toMatchObject({
      ...{ reason, message: expect.stringContaining(message) as string },
    });
  });

  it('is told of the first end of a member that nobody has heard for ten seconds', () => {
    const health = unheard({ sinceWallMs: t0 - 10_000 });
    expect(told({ health, lastEnd: end({ ...killed, count: 1 }) })?.reason).toBe('OOMKilled');
  });

  it('is not concluded from what a program says of itself, or from SIGKILL without a limit', () => {
    const message = 'OOM-killed';
    expect(told({ lastEnd: end({ message }) })?.reason).toBe('ContainerNotStarting');
    expect(told({ lastEnd: end({ exitCode: 137 }) })?.message).not.toContain('memory');
  });

  it('is the reason of the service', () => {
    const lastEnd = end(killed);
    const members = [0, 1, 2].map((n) => makeMember(resource, n, { health: unheard(), lastEnd }));
    const { status } = decide(resource, makeObserved(members), t0);
    expect(status).toMatchObject({ phase: 'Failed', reason: 'OOMKilled' });
  });
});
