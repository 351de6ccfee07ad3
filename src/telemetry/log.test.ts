import { describe, expect, it } from 'vitest';
import { HAError } from '../api/errors.ts';
import { createLog } from './log.ts';

function capture(level?: string) {
  const lines: string[] = [];
  const log = createLog({
    write: (line) => void lines.push(line),
    ...(level === undefined ? {} : { level }),
  });
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as object) };
}

describe('the log', () => {
  it('writes one JSON line with level, time and the fields of its parents', () => {
    const { log, parsed } = capture();
    log.child({ resource: 'default/web' }).warn({ epoch: 7 }, 'promoting');
    expect(parsed()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        resource: 'default/web',
        epoch: 7,
        msg: 'promoting',
      },
    ]);
  });

  it('writes lines at or above its level', () => {
    const { log, lines } = capture('warn');
    log.info({}, 'no');
    log.error({}, 'yes');
    expect(lines).toHaveLength(1);
  });

  it('falls back to info if the level is unknown', () => {
    const { log, lines } = capture('loud');
    log.debug({}, 'no');
    log.info({}, 'yes');
    expect(lines).toHaveLength(1);
  });

  it('writes no arguments of commands, which may be passwords', () => {
    const { log, lines } = capture();
    const refused = Object.assign(new Error('ERR no'), {
      command: { name: 'config', args: ['set', 'requirepass', 'correct horse'] },
    });
    const error = new HAError('HA_ERR_PROBE_ANSWER', 'refused', { cause: refused });
    log.error({ error }, 'failed');
    log.warn({ error: refused }, 'failed');
    expect(lines.join()).not.toContain('correct horse');
    expect(lines.join()).toContain('ERR no');
  });

  it('writes an error with code, message and cause', () => {
    const { log, parsed } = capture();
    const error = new HAError('HA_ERR_HOOK_TIMEOUT', 'promote hook', { cause: new Error('slow') });
    log.error({ error }, 'failed');
    expect(parsed()[0]).toMatchObject({
      error: {
        code: 'HA_ERR_HOOK_TIMEOUT',
        message: expect.stringContaining('promote hook'),
        cause: { message: 'slow' },
      },
    });
  });

  it('does not write secrets', () => {
    const { log, lines } = capture();
    log.info(
      {
        token: 's3cret',
        request: { headers: { authorization: 'Bearer s3cret' } },
        user: { password: 's3cret', key: 's3cret' },
      },
      'request',
    );
    expect(lines[0]).not.toContain('s3cret');
  });
});
