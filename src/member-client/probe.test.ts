import { describe, expect, it } from 'vitest';
import { FakeClock } from '../lib/fake-clock.ts';
import type { ProbeEvent } from './engine.ts';
import type { ProbeConnection, ProbeConnectionEvents } from './probe-connection.ts';
import { LineProbe } from './probe.ts';

class FakeLine implements ProbeConnection {
  readonly events: ProbeConnectionEvents;
  asked = 0;
  closed = false;
  isConnected = false;
  said: string | undefined;

  constructor(events: ProbeConnectionEvents) {
    this.events = events;
  }

  ask = () => void (this.asked += 1);
  connected = () => this.isConnected;
  wrong = () => this.said;
  close = () => void (this.closed = true);
}

function start() {
  const clock = new FakeClock();
  const lines: FakeLine[] = [];
  const events: ProbeEvent[] = [];
  const open = (lineEvents: ProbeConnectionEvents) => {
    const line = new FakeLine(lineEvents);
    lines.push(line);
    return line;
  };
  const probe = new LineProbe(open, clock, (event) => events.push(event));
  const line = (index: number): FakeLine => lines[index]!;
  return { probe, clock, lines, line, events, types: () => events.map(({ type }) => type) };
}

describe('a probe', () => {
  it('tries a line that does not connect anew at each beat', () => {
    const { probe, lines } = start();
    for (let beat = 0; beat < 5; beat++) probe.beat();
    expect(lines).toHaveLength(5);
    // The first, whose answer may still come, and the newest.
    expect(lines.map(({ closed }) => closed)).toEqual([false, true, true, true, false]);
  });

  it('leaves a line that connects but does not answer waiting longer and longer', () => {
    const { probe, lines } = start();
    const opened: number[] = [];
    for (let missed = 0; missed <= 24; missed++) {
      const before = lines.length;
      probe.beat();
      for (const line of lines) line.isConnected = true;
      if (lines.length > before) opened.push(missed);
    }
    expect(opened).toEqual([0, 1, 2, 4, 8, 16, 24]);
    expect(lines.filter(({ closed }) => !closed)).toHaveLength(2);
  });

  it('drops the spare when the main line answers after all', () => {
    const { probe, line, types } = start();
    probe.beat();
    probe.beat();
    line(0).events.answer(700);
    expect(types()).toEqual(['answer']);
    expect([line(0).closed, line(1).closed]).toEqual([false, true]);
    probe.beat();
    expect([line(0).asked, line(1).asked]).toEqual([2, 1]);
  });

  it('goes on with the spare where it answers, and ends the stuck line', () => {
    const { probe, line, lines } = start();
    probe.beat();
    probe.beat();
    line(1).events.badAnswer('HTTP 500');
    expect([line(0).closed, line(1).closed]).toEqual([true, false]);
    probe.beat();
    expect([line(0).asked, line(1).asked]).toEqual([1, 2]);
    expect(lines).toHaveLength(2);
  });

  it('tells a refused spare: a node that was restarted leaves the old connection hanging', () => {
    const { probe, line, types } = start();
    probe.beat();
    probe.beat();
    line(1).events.refused('connect ECONNREFUSED');
    expect(types()).toEqual(['refused']);
  });

  it('reconnects at once, then after 1, 4, 16 and 64 ms, then at the next beat', () => {
    const { probe, clock, lines, line, types } = start();
    probe.beat();
    const openedAt: number[] = [];
    for (let index = 0; index < 5; index++) {
      line(index).events.closed('');
      for (let ms = 0; lines.length === index + 1; ms++) clock.advance(1);
      openedAt.push(clock.now());
    }
    expect(openedAt).toEqual([0, 1, 5, 21, 85]);
    line(5).events.closed('');
    clock.advance(10_000);
    expect(lines).toHaveLength(6);
    expect(types()).toEqual(Array(6).fill('closed'));
    probe.beat();
    expect(line(6).asked).toBe(1);
    line(6).events.closed('');
    expect(line(7).asked).toBe(1);
  });

  it('does not reconnect where the spare is under way already', () => {
    const { probe, line, lines } = start();
    probe.beat();
    probe.beat();
    line(0).events.closed('');
    expect(lines).toHaveLength(2);
    line(1).events.answer(1);
    probe.beat();
    expect(line(1).asked).toBe(2);
  });

  it('asks once where a beat comes while it waits to reconnect', () => {
    const { probe, clock, line, lines } = start();
    probe.beat();
    line(0).events.closed('');
    line(1).events.closed('');
    probe.beat();
    clock.advance(100);
    expect(lines).toHaveLength(3);
    expect(line(2).asked).toBe(1);
  });

  it.each(['refused', 'unreachable', 'fault'] as const)(
    'tries again at the next beat after %s',
    (type) => {
      const { probe, clock, line, lines, types } = start();
      probe.beat();
      line(0).events[type]('why');
      clock.advance(10_000);
      expect(types()).toEqual([type]);
      expect(lines).toHaveLength(1);
      probe.beat();
      expect(line(1).asked).toBe(1);
    },
  );

  it('takes what was said up to the next beat for a wrong answer', () => {
    const { probe, line, events } = start();
    probe.beat();
    line(0).said = 'answered "-ERR"';
    probe.beat();
    expect(events).toEqual([{ type: 'badAnswer', message: 'answered "-ERR"' }]);
    expect(line(0).asked).toBe(2);
  });

  it('closes all it has opened', () => {
    const { probe, lines } = start();
    probe.beat();
    probe.beat();
    probe.close();
    expect(lines.map(({ closed }) => closed)).toEqual([true, true]);
  });

  it('does not reconnect after close', () => {
    const { probe, clock, line, lines } = start();
    probe.beat();
    line(0).events.closed('');
    line(1).events.closed('');
    probe.close();
    clock.advance(100);
    expect(lines).toHaveLength(2);
  });
});
