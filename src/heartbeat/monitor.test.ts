import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { EngineSpec } from '../api/engine-spec.ts';
import { systemClock } from '../lib/clock.ts';
import type { DetectorConfig } from './detector.ts';
import {
  TestServer,
  ended,
  freePort,
  programs,
  untilTrue,
  startProcess,
} from '../member-client/testing.ts';
import { silentLog } from '../lib/log.ts';
import { HeartbeatMonitor, type MonitorConfig } from './monitor.ts';

const detector: DetectorConfig = {
  kind: 'Deadline',
  timeoutMs: 600,
  phiThreshold: 8,
  failureThreshold: 3,
  intervalMs: 50,
};
const http: EngineSpec = { type: 'HTTP' };
const key = 'default/web';
const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const wrongAnswer = 'HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A monitor that records each change, and lets the test wait for one. */
function start() {
  const changes: string[] = [];
  const heartbeats: string[] = [];
  let stalledMs = 0;
  let wake = () => {};
  const monitor = new HeartbeatMonitor({
    clock: systemClock,
    log: silentLog,
    metrics: {
      heartbeat: (result) => {
        heartbeats.push(result);
        wake();
      },
      roundTrip: () => {},
      stalled: (ms) => (stalledMs += ms),
    },
    onChange: (key, uid) => {
      const health = monitor.health(key, uid);
      changes.push(`${uid} ${health?.verdict}${health?.cause ? ` ${health.cause}` : ''}`);
      wake();
    },
  });
  cleanups.push(() => monitor.close());
  const until = async (done: () => boolean) => {
    while (!done()) await new Promise<void>((resolve) => (wake = resolve));
  };
  return {
    monitor,
    changes,
    heartbeats,
    until,
    stalledMs: () => stalledMs,
    /** The changes without Suspect, which a busy machine can cause at any time. */
    verdicts: () =>
      changes
        .filter((change) => !change.includes('Suspect'))
        .filter((change, index, all) => change !== all[index - 1]),
    changedTo: (change: string) => until(() => changes.at(-1) === change),
    answers: (count: number) => {
      const from = heartbeats.length;
      return until(
        () => heartbeats.slice(from).filter((type) => type === 'answer').length >= count,
      );
    },
  };
}

async function serve(talk: (socket: Socket, index: number) => void) {
  const server = new TestServer(talk);
  const port = await server.listen();
  cleanups.push(() => server.close());
  return { server, port };
}

const answer = (text: () => string) => (socket: Socket) =>
  void socket.on('data', () => socket.write(text()));

const config = (more: Partial<MonitorConfig> = {}): MonitorConfig => ({
  detector,
  protocol: { epoch: 0 },
  ...more,
});
const member = (uid: string, port: number) => ({
  ...{ uid, name: `web-${uid}`, host: '127.0.0.1', port, engine: http },
});

async function startProgram(program: string, port = 0) {
  const started = await startProcess(program, port);
  cleanups.push(() => started.child.kill('SIGKILL'));
  return started;
}

describe('the monitor', () => {
  it('probes a member at once and returns its health', async () => {
    const { port } = await serve(answer(() => ok));
    const { monitor, changedTo, verdicts } = start();
    const before = Date.now();
    monitor.setMembers(key, [member('a', port)], config());
    expect(monitor.health(key, 'a')).toMatchObject({
      verdict: 'Unknown',
      message: 'not heard yet',
    });
    await changedTo('a Healthy');
    expect(verdicts()).toEqual(['a Healthy']);
    const health = monitor.health(key, 'a');
    expect(health).toMatchObject({ verdict: 'Healthy', generation: 0, message: 'answers' });
    expect(health?.sinceWallMs).toBeGreaterThanOrEqual(before);
    expect(health?.lastAnswerWallMs).toBeGreaterThanOrEqual(before);
    expect(health?.rttMs).toBeGreaterThan(0);
    expect(health?.evidence).toMatch(/^last good answer at \d\d:\d\d:\d\d\.\d\d\dZ$/);
  });

  it('finds a killed process dead by the refused connection, with the evidence, and healthy again in a new generation', async () => {
    const { child, port } = await startProgram(programs.http);
    const { monitor, changedTo, verdicts } = start();
    // The timeout is never reached: only the refused connection can show the end.
    const slow = { ...detector, intervalMs: 50, timeoutMs: 600_000 };
    monitor.setMembers(key, [member('a', port)], config({ detector: slow }));
    await changedTo('a Healthy');
    child.kill('SIGKILL');
    await changedTo('a Dead Refused');
    expect(monitor.health(key, 'a')).toMatchObject({
      generation: 0,
      message: `nothing listens on port ${port} any more (connection refused)`,
      evidence: expect.stringMatching(
        /^last good answer at .*, connection ended \(.*\) at .*, connection refused at /,
      ),
    });
    await startProgram(programs.http, port);
    await changedTo('a Healthy');
    expect(verdicts()).toEqual(['a Healthy', 'a Dead Refused', 'a Healthy']);
    expect(monitor.health(key, 'a')?.generation).toBe(1);
  });

  it('counts the silence of a dead process from the end of its connection, not from its last answer', async () => {
    let asked = 0;
    const { server, port } = await serve((socket) =>
      socket.on('data', () => {
        asked++;
        if (asked === 1) socket.write(ok);
        else void server.close();
      }),
    );
    const { monitor, changedTo } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Dead Refused');
    const health = monitor.health(key, 'a');
    const sinceAnswerMs = Date.now() - (health?.lastAnswerWallMs ?? 0);
    // The second beat came at least half an interval after the first.
    expect(health?.silentMs).toBeLessThan(sinceAnswerMs - detector.intervalMs / 4);
  });

  it('finds a frozen process suspect and then dead by its silence, and healthy again when it continues', async () => {
    const { child, port } = await startProgram(programs.http);
    const { monitor, changedTo, verdicts } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Healthy');
    const { healthyOrSuspectSinceWallMs } = monitor.health(key, 'a') ?? {};
    expect(healthyOrSuspectSinceWallMs).toBeGreaterThan(0);
    child.kill('SIGSTOP');
    await changedTo('a Suspect Silent');
    expect(monitor.health(key, 'a')?.healthyOrSuspectSinceWallMs).toBe(healthyOrSuspectSinceWallMs);
    await changedTo('a Dead Silent');
    expect(monitor.health(key, 'a')).not.toHaveProperty('soundSinceWallMs');
    expect(verdicts()).toEqual(['a Healthy', 'a Dead Silent']);
    const health = monitor.health(key, 'a');
    expect(health?.silentMs).toBeGreaterThanOrEqual(detector.timeoutMs);
    expect(health?.message).toBe('silent for 600 ms');
    child.kill('SIGCONT');
    await changedTo('a Healthy');
    expect(monitor.health(key, 'a')?.generation).toBe(1);
  });

  it('finds a member with wrong answers Unhealthy, and Healthy again after good ones', async () => {
    let text = ok;
    const { port } = await serve(answer(() => text));
    const { monitor, changedTo, verdicts } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Healthy');
    text = wrongAnswer;
    await changedTo('a Unhealthy BadAnswer');
    expect(monitor.health(key, 'a')?.message).toBe('answers, but wrongly (HTTP 503)');
    text = ok;
    await changedTo('a Healthy');
    expect(verdicts()).toEqual(['a Healthy', 'a Unhealthy BadAnswer', 'a Healthy']);
    expect(monitor.health(key, 'a')?.generation).toBe(0);
  });

  it('reports why a member has never answered: nothing listens', async () => {
    const port = await freePort();
    const { monitor, changedTo } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Unknown Refused');
    expect(monitor.health(key, 'a')).toMatchObject({
      verdict: 'Unknown',
      message: `nothing listens on port ${port} yet (connection refused)`,
      evidence: expect.stringMatching(/^never answered well, connection refused at /),
    });
  });

  it('reports why a member has never answered: silence', async () => {
    const { port } = await serve((socket) => void socket.resume());
    const { monitor, changedTo } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Unknown Silent');
    expect(monitor.health(key, 'a')?.silentMs).toBeGreaterThanOrEqual(detector.timeoutMs);
  });

  it("does not count the operator's own stalls against any member", async () => {
    const { port } = await startProgram(programs.http);
    const { monitor, changes, changedTo, answers, stalledMs } = start();
    const membersAt = (at: number) => ['a', 'b', 'c'].map((uid) => member(uid, at));
    monitor.setMembers(key, membersAt(port), config());
    await answers(30);
    const block = new Int32Array(new SharedArrayBuffer(4));
    for (let stall = 0; stall < 3; stall++) {
      Atomics.wait(block, 0, 0, 2 * detector.timeoutMs);
      await answers(10);
    }
    expect(changes.filter((change) => change.includes('Dead'))).toEqual([]);
    expect(stalledMs()).toBeGreaterThan(5 * detector.timeoutMs);
    monitor.setMembers(key, membersAt(await freePort()), config());
    await changedTo('c Dead Refused');
  });

  it('ignores the silence from the time in which the operator was cut off', async () => {
    let silent = false;
    const { port } = await serve((socket) => {
      socket.on('data', () => {
        if (!silent) socket.write(ok);
      });
    });
    const { monitor, changes, changedTo, until } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Healthy');
    silent = true;
    await changedTo('a Suspect Silent');
    const before = monitor.health(key, 'a')?.silentMs;
    monitor.restartSilence();
    expect(monitor.health(key, 'a')?.silentMs).toBeLessThan(before ?? 0);
    expect(monitor.health(key, 'a')?.verdict).toBe('Healthy');
    silent = false;
    await until(() => monitor.health(key, 'a')?.rttMs !== undefined);
    expect(changes).not.toContain('a Dead Silent');
  });

  it('keeps the connections if nothing has changed', async () => {
    const { port, server } = await serve(answer(() => ok));
    const { monitor, answers } = start();
    for (let pass = 0; pass < 5; pass++) {
      monitor.setMembers(key, [member('a', port), member('b', port)], config());
      await answers(4);
    }
    expect(server.sockets).toHaveLength(2);
    expect(monitor.size).toBe(2);
  });

  it('keeps the history of a member when its port, check or heartbeat changes', async () => {
    const first = await serve(answer(() => ok));
    const second = await serve(answer(() => '+PONG'));
    const { monitor, changedTo, answers, verdicts } = start();
    monitor.setMembers(key, [member('a', first.port)], config());
    await changedTo('a Healthy');
    const { sinceWallMs } = monitor.health(key, 'a') ?? {};
    monitor.setMembers(
      key,
      [
        {
          ...member('a', second.port),
          engine: { type: 'TCP', tcp: { send: 'PING', expect: 'PONG' } },
        },
      ],
      config({ detector: { ...detector, intervalMs: 30 } }),
    );
    await answers(3);
    await Promise.all(first.server.sockets.map(ended));
    expect(verdicts()).toEqual(['a Healthy']);
    expect(monitor.health(key, 'a')).toMatchObject({ verdict: 'Healthy', sinceWallMs });
  });

  it('recognizes another pod of the same name by its UID, and starts without history', async () => {
    const { port } = await serve(answer(() => ok));
    const { monitor, changedTo, verdicts } = start();
    monitor.setMembers(key, [member('a', port)], config());
    await changedTo('a Healthy');
    monitor.setMembers(key, [{ ...member('b', port), name: 'web-a' }], config());
    expect(monitor.health(key, 'a')).toBeUndefined();
    expect(monitor.health(key, 'b')?.verdict).toBe('Unknown');
    await changedTo('b Healthy');
    expect(verdicts()).toEqual(['a Healthy', 'b Healthy']);
  });

  it('closes the connections of members and resources that are gone, and reports nothing more about them', async () => {
    const { port, server } = await serve(answer(() => ok));
    const { monitor, changes, answers } = start();
    monitor.setMembers(key, [member('a', port), member('b', port)], config());
    monitor.setMembers('default/other', [member('c', port)], config());
    await answers(6);
    expect(server.open).toHaveLength(3);
    monitor.setMembers(key, [member('b', port)], config());
    expect(monitor.size).toBe(2);
    monitor.remove('default/other');
    monitor.remove('default/never-there');
    expect(monitor.size).toBe(1);
    await untilTrue(() => server.open.filter((socket) => !socket.readableEnded).length === 1);
    monitor.close();
    expect(monitor.size).toBe(0);
    const before = changes.length;
    await server.close();
    expect(changes).toHaveLength(before);
  });

  it('makes no false verdict after the process of the monitor was frozen', async () => {
    const { port } = await startProgram(programs.http);
    const { child } = startMonitorProcess(port);
    const lines: string[] = [];
    child.stdout.on('data', (data: Buffer) => lines.push(...data.toString().trim().split('\n')));
    while (!lines.includes('Healthy')) await once(child.stdout, 'data');
    child.kill('SIGSTOP');
    // A stopped monitor reports nothing that a test could await: this time is the fault itself.
    await new Promise((resolve) => setTimeout(resolve, 2 * detector.timeoutMs));
    child.kill('SIGCONT');
    const from = lines.length;
    while (!lines.slice(from).includes('answer')) await once(child.stdout, 'data');
    expect(lines.filter((line) => line.startsWith('Dead'))).toEqual([]);
  });
});

/** The monitor in a process of its own, which prints each verdict and each answer. */
function startMonitorProcess(port: number) {
  const code = `
    import { HeartbeatMonitor } from ${JSON.stringify(new URL('./monitor.ts', import.meta.url).href)};
    import { systemClock } from ${JSON.stringify(new URL('../lib/clock.ts', import.meta.url).href)};
    import { silentLog } from ${JSON.stringify(new URL('../lib/log.ts', import.meta.url).href)};
    const monitor = new HeartbeatMonitor({
      clock: systemClock, log: silentLog,
      metrics: { heartbeat: (result) => console.log(result), roundTrip() {}, stalled() {} },
      onChange: (key, uid) => console.log(monitor.health(key, uid).verdict),
    });
    monitor.setMembers('k', [${JSON.stringify(member('a', port))}], ${JSON.stringify(config())});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', code], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  cleanups.push(() => child.kill('SIGKILL'));
  return { child };
}
