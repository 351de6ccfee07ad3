import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { type Picture, draw, serviceLine, stripWidth } from './picture.ts';

const columns = 80;
const rows = 23;

const picture: Picture = {
  step: 'fault 2 of 3: the process hangs',
  elapsedMs: 83_000,
  nodes: ['a', 'b', 'c'].map((zone, i) => ({
    zone: `zone-${zone}`,
    name: `zone-${zone}-1`,
    isCut: zone === 'c',
    members: [
      {
        pod: `web-${i}`,
        role: zone === 'b' ? 'primary' : 'standby',
        health: zone === 'c' ? 'Dead' : 'Healthy',
      },
    ],
    plain: [{ pod: `plain-6f7d9c8b5d-x7k2${i}`, isReady: zone !== 'c' }],
  })),
  status: [
    serviceLine('web', {
      metadata: { name: 'web', namespace: 'demo', uid: 'u', resourceVersion: '1' },
      spec: {},
      status: { phase: 'Degraded', epoch: 4, primary: 'web-1', ready: '2/3' },
    }),
    [{ text: 'last failover: web-2 -> web-1 (Silent)' }],
  ],
  sent: 'requests',
  cellMs: 200,
  systems: [
    { label: 'HAService', cells: ['ok', 'some', 'ok'], ok: 12_345, failed: 12 },
    { label: 'Kubernetes', cells: ['ok', 'failed', 'none'], ok: 12_001, failed: 337 },
  ],
  notes: Array.from({ length: 30 }, (_, i) => `note ${i} ${'long '.repeat(30)}`),
  hint: 'Ctrl-C ends the demo and takes everything down',
};

describe('draw', () => {
  it('fits a terminal of 80 by 24, with and without colour', () => {
    for (const color of [true, false]) {
      const lines = draw(picture, columns, rows, color).map(stripVTControlCharacters);
      expect(lines).toHaveLength(rows);
      for (const line of lines) expect([...line].length).toBeLessThanOrEqual(columns);
    }
    expect(draw(picture, columns, rows, false).join('')).not.toContain('\u001b');
  });

  it('shows zones, members, both systems and the newest notes', () => {
    expect(
      draw(
        { ...picture, notes: ['17:02:11 froze web-2', '17:02:13 web-1 is primary'] },
        80,
        23,
        false,
      ),
    ).toMatchInlineSnapshot(`
      [
        "HAService demo  fault 2 of 3: the process hangs                             1:23",
        "",
        "zone-a zone-a-1           zone-b zone-b-1           zone-c zone-c-1 CUT OFF",
        " · web-0 Healthy           ★ web-1 Healthy primary   · web-2 Dead",
        " · plain-6f7d9c8b5d-x7k20  · plain-6f7d9c8b5d-x7k21  · plain-6f7d9c8b5d-x7k22",
        "",
        "web        Degraded, primary web-1, epoch 4, ready 2/3",
        "last failover: web-2 -> web-1 (Silent)",
        "",
        "           requests of the last 10 s                          answered   failed",
        "HAService  ▁▄▁                                                  12,345       12",
        "Kubernetes ▁█                                                   12,001      337",
        "           ▁ answered  ▄ some failed  █ all failed",
        "",
        "17:02:11 froze web-2",
        "17:02:13 web-1 is primary",
        "",
        "",
        "",
        "",
        "",
        "",
        "Ctrl-C ends the demo and takes everything down",
      ]
    `);
    const [last] = draw(picture, columns, rows, false).slice(-2);
    expect(last).toContain('note 29');
  });

  it('keeps what matters in a small terminal', () => {
    const lines = draw(picture, 60, 12, false);
    expect(lines).toHaveLength(12);
    expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(60);
  });

  it('has something to say before there is a status', () => {
    const line = serviceLine('web', undefined);
    expect(line.map(({ text }) => text).join('')).toBe(
      'web        Pending, primary none, epoch 0, ready 0/0',
    );
  });

  it('gives the strip what labels and counts leave', () => {
    expect(stripWidth(80)).toBe(50);
  });
});
