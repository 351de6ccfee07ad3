import { describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import type { ProbeEvent } from './probe.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';
import { ReconnectingProbe } from './reconnecting-probe.ts';

class FakeConnection implements ProbeConnection {
  readonly events: ProbeConnectionEvents;
  asked = 0;
  closed = false;
  isConnected = false;
  unexpected: string | undefined;

  constructor(events: ProbeConnectionEvents) {
    this.events = events;
  }

  ask = () => void (this.asked += 1);
  connected = () => this.isConnected;
  unexpectedData = () => this.unexpected;
  close = () => void (this.closed = true);
}

function start() {
  const clock = new FakeClock();
  const connections: FakeConnection[] = [];
  const events: ProbeEvent[] = [];
  const open = (connectionEvents: ProbeConnectionEvents) => {
    const connection = new FakeConnection(connectionEvents);
    connections.push(connection);
    return connection;
  };
  const probe = new ReconnectingProbe(open, clock, (event) => events.push(event));
  const connectionAt = (index: number): FakeConnection => connections[index]!;
  return {
    probe,
    clock,
    connections,
    connectionAt,
    events,
    types: () => events.map(({ type }) => type),
  };
}

describe('a probe', () => {
  it('replaces a spare connection that is not established at each beat', () => {
    const { probe, connections } = start();
    for (let beat = 0; beat < 5; beat++) probe.beat();
    expect(connections).toHaveLength(5);
    // The first, whose answer may still come, and the newest.
    expect(connections.map(({ closed }) => closed)).toEqual([false, true, true, true, false]);
  });

  it('waits longer and longer for a spare connection that is established but does not answer', () => {
    const { probe, connections } = start();
    const opened: number[] = [];
    for (let missed = 0; missed <= 24; missed++) {
      const before = connections.length;
      probe.beat();
      for (const connection of connections) connection.isConnected = true;
      if (connections.length > before) opened.push(missed);
    }
    expect(opened).toEqual([0, 1, 2, 4, 8, 16, 24]);
    expect(connections.filter(({ closed }) => !closed)).toHaveLength(2);
  });

  it('drops the spare if the main connection answers after all', () => {
    const { probe, connectionAt, types } = start();
    probe.beat();
    probe.beat();
    connectionAt(0).events.answer(700);
    expect(types()).toEqual(['answer']);
    expect([connectionAt(0).closed, connectionAt(1).closed]).toEqual([false, true]);
    probe.beat();
    expect([connectionAt(0).asked, connectionAt(1).asked]).toEqual([2, 1]);
  });

  it('continues with the spare if it answers, and closes the stuck connection', () => {
    const { probe, connectionAt, connections } = start();
    probe.beat();
    probe.beat();
    connectionAt(1).events.badAnswer('HTTP 500');
    expect([connectionAt(0).closed, connectionAt(1).closed]).toEqual([true, false]);
    probe.beat();
    expect([connectionAt(0).asked, connectionAt(1).asked]).toEqual([1, 2]);
    expect(connections).toHaveLength(2);
  });

  it('reports a refused spare: if the node was restarted, the old connection stays open without an answer', () => {
    const { probe, connectionAt, types } = start();
    probe.beat();
    probe.beat();
    connectionAt(1).events.refused('connect ECONNREFUSED');
    expect(types()).toEqual(['refused']);
  });

  it('reconnects at once, then after 1, 4, 16 and 64 ms, then at the next beat', () => {
    const { probe, clock, connections, connectionAt, types } = start();
    probe.beat();
    const openedAt: number[] = [];
    for (let index = 0; index < 5; index++) {
      connectionAt(index).events.closed('');
      for (let ms = 0; connections.length === index + 1; ms++) clock.advance(1);
      openedAt.push(clock.now());
    }
    expect(openedAt).toEqual([0, 1, 5, 21, 85]);
    connectionAt(5).events.closed('');
    clock.advance(10_000);
    expect(connections).toHaveLength(6);
    expect(types()).toEqual(Array(6).fill('closed'));
    probe.beat();
    expect(connectionAt(6).asked).toBe(1);
    connectionAt(6).events.closed('');
    expect(connectionAt(7).asked).toBe(1);
  });

  it('does not reconnect if the spare is already connecting', () => {
    const { probe, connectionAt, connections } = start();
    probe.beat();
    probe.beat();
    connectionAt(0).events.closed('');
    expect(connections).toHaveLength(2);
    connectionAt(1).events.answer(1);
    probe.beat();
    expect(connectionAt(1).asked).toBe(2);
  });

  it('asks once if a beat comes while the probe waits to reconnect', () => {
    const { probe, clock, connectionAt, connections } = start();
    probe.beat();
    connectionAt(0).events.closed('');
    connectionAt(1).events.closed('');
    probe.beat();
    clock.advance(100);
    expect(connections).toHaveLength(3);
    expect(connectionAt(2).asked).toBe(1);
  });

  it.each(['refused', 'unreachable', 'fault'] as const)(
    'tries again at the next beat after %s',
    (type) => {
      const { probe, clock, connectionAt, connections, types } = start();
      probe.beat();
      connectionAt(0).events[type]('why');
      clock.advance(10_000);
      expect(types()).toEqual([type]);
      expect(connections).toHaveLength(1);
      probe.beat();
      expect(connectionAt(1).asked).toBe(1);
    },
  );

  it('reports unexpected data as a wrong answer at the next beat', () => {
    const { probe, connectionAt, events } = start();
    probe.beat();
    connectionAt(0).unexpected = 'answered "-ERR"';
    probe.beat();
    expect(events).toEqual([{ type: 'badAnswer', message: 'answered "-ERR"' }]);
    expect(connectionAt(0).asked).toBe(2);
  });

  it('closes all connections that it has opened', () => {
    const { probe, connections } = start();
    probe.beat();
    probe.beat();
    probe.close();
    expect(connections.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('does not reconnect after close', () => {
    const { probe, clock, connectionAt, connections } = start();
    probe.beat();
    connectionAt(0).events.closed('');
    connectionAt(1).events.closed('');
    probe.close();
    clock.advance(100);
    expect(connections).toHaveLength(2);
  });
});
