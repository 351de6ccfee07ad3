import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { program } from './program.ts';

const npmConfig = z.looseObject({
  userconfig: z.string(),
  registry: z.string(),
  cafile: z.string().nullable().default(null),
});

/**
 * The user's npm settings and certificate authority as build secrets (the Dockerfile's `npmrc` and `ca`), in files
 * below `dir`. Returns buildah's arguments.
 */
export async function npmSecrets(
  dir: string,
  { root, signal }: { root: string; signal: AbortSignal },
): Promise<string[]> {
  const text = await program(['npm', 'config', 'list', '--json'], { cwd: root, signal });
  const config = npmConfig.parse(JSON.parse(text));
  const ca = config.cafile ?? process.env['NODE_EXTRA_CA_CERTS'];
  const hasCa = ca !== undefined && ca !== '' && existsSync(ca);
  const npmrc = existsSync(config.userconfig) ? readFileSync(config.userconfig, 'utf8') : '';
  const file = join(dir, 'npmrc');
  writeFileSync(file, npmrcForBuild(npmrc, config.registry, hasCa), { mode: 0o600 });
  return [`--secret=id=npmrc,src=${file}`, ...(hasCa ? [`--secret=id=ca,src=${ca}`] : [])];
}

/** The user's npmrc with the registry in use, and with the path of the certificate authority inside the build. */
export function npmrcForBuild(npmrc: string, registry: string, hasCa: boolean): string {
  const lines = npmrc.split('\n').filter((line) => !/^\s*(registry|cafile)\s*=/.test(line));
  lines.push(`registry=${registry}`);
  if (hasCa) lines.push('cafile=/run/secrets/ca');
  return `${lines.join('\n')}\n`;
}
