import {
  type AgentConfig,
  agentConfigSchema,
  agentConfigVariable,
  passwordVariable,
} from '../protocol/agent-config.ts';
import { HAError } from '../api/errors.ts';
import { expand } from './expand.ts';

export interface Settings {
  config: AgentConfig;
  pod: { name: string; uid: string | undefined; ip: string };
  /** Of a pod that an earlier version of the operator has created. In other pods the password is in a file. */
  password: string | undefined;
  /** For programs: all variables except the agent's own. */
  env: NodeJS.ProcessEnv;
}

/** @throws HAError HA_ERR_AGENT_CONFIG */
export function readSettings(variables: NodeJS.ProcessEnv): Settings {
  const { [agentConfigVariable]: text, [passwordVariable]: password, ...env } = variables;
  const name = env['POD_NAME'] ?? '';
  if (text === undefined || name === '') {
    const missing = text === undefined ? agentConfigVariable : 'POD_NAME';
    throw new HAError('HA_ERR_AGENT_CONFIG', `the variable ${missing} is missing`);
  }
  const config = parse(text);
  const expanded = (texts: string[]) => texts.map((each) => expand(each, env));
  return {
    // As the kubelet would have done, had it started the program.
    config: { ...config, command: expanded(config.command), args: expanded(config.args) },
    // Without an address, the agent does not run in a pod, but on a developer's machine.
    pod: { name, uid: given(env['POD_UID']), ip: given(env['POD_IP']) ?? '127.0.0.1' },
    password: given(password),
    env,
  };
}

function parse(text: string): AgentConfig {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new HAError('HA_ERR_AGENT_CONFIG', `${agentConfigVariable} is not JSON`, {
      cause: error,
    });
  }
  const parsed = agentConfigSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw new HAError(
    'HA_ERR_AGENT_CONFIG',
    `${agentConfigVariable}: ${issue?.path.join('.')}: ${issue?.message}`,
  );
}

const given = (text: string | undefined) => (text === '' ? undefined : text);
