import { describe, expect, it } from 'vitest';
import { readSettings } from './settings.ts';

const config = { service: 'web', engine: { type: 'TCP' }, port: 80, agentPort: 8990 };
const variables = (more: object = {}) => ({
  POD_NAME: 'web-0',
  POD_UID: 'uid-0',
  POD_IP: '10.0.0.1',
  HASERVICE_AGENT: JSON.stringify({ ...config, ...more }),
});

describe('the settings', () => {
  it('come from the variables; programs see all but the configuration and the password', () => {
    const settings = readSettings({ ...variables(), HASERVICE_PASSWORD: 's3cret', PATH: '/bin' });
    expect(settings).toMatchObject({
      config,
      pod: { name: 'web-0', uid: 'uid-0', ip: '10.0.0.1' },
      password: 's3cret',
    });
    expect(Object.keys(settings.env)).not.toContain('HASERVICE_AGENT');
    expect(JSON.stringify(settings.env)).not.toContain('s3cret');
    expect(settings.env['PATH']).toBe('/bin');
  });

  it('replace variables in the command and its arguments, as the kubelet does', () => {
    const command = ['server', '--name=$(POD_NAME)', '$$(POD_NAME)', '$(OTHER)'];
    const { config: read } = readSettings(variables({ command, args: ['$(POD_IP)'] }));
    expect(read.command).toEqual(['server', '--name=web-0', '$(POD_NAME)', '$(OTHER)']);
    expect(read.args).toEqual(['10.0.0.1']);
  });

  it.each([
    ['HASERVICE_AGENT is missing', { POD_NAME: 'web-0' }],
    ['POD_NAME is missing', { ...variables(), POD_NAME: '' }],
    ['is not JSON', { ...variables(), HASERVICE_AGENT: '{' }],
    ['agentPort', variables({ agentPort: 'x' })],
  ])('that are wrong are an error that says %s', (message, given) => {
    expect(() => readSettings(given)).toThrow(message);
  });
});
