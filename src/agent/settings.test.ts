import { expect, it } from 'vitest';
import { readSettings } from './settings.ts';

it('expands the command and arguments of the program as the kubelet would have, and nothing else', () => {
  const exec = { status: ['sh', '-c', 'echo $$ $(POD_NAME)'] };
  const config = {
    service: 'db',
    engine: { type: 'Exec', exec },
    port: 1,
    agentPort: 2,
    command: ['run', '--id=$(POD_NAME)', '$$(POD_NAME)', '$(UNKNOWN)'],
    args: ['$(POD_NAME)'],
  };
  const settings = readSettings({ HASERVICE_AGENT: JSON.stringify(config), POD_NAME: 'db-"0' });
  expect(settings.config.command).toEqual(['run', '--id=db-"0', '$(POD_NAME)', '$(UNKNOWN)']);
  expect(settings.config.args).toEqual(['db-"0']);
  expect(settings.config.engine.exec?.status).toEqual(exec.status);
  expect(settings.env).toEqual({ POD_NAME: 'db-"0' });
});
