import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { run } from './exec.ts';
import { inside, stateDir } from './paths.ts';

const dir = join(stateDir, 'pki');
const days = '365';

interface Identity {
  /** Common name: the user. */
  user: string;
  /** Organization: the group. */
  group?: string;
  /** Names and addresses of a server, as `IP:10.96.0.1`. */
  hosts?: string[];
}

/** In SEC 1 form: the API server does not read a PKCS #8 key for service accounts. */
async function key(name: string): Promise<void> {
  const out = ['-out', join(dir, `${name}.key`)];
  await run(['openssl', 'ecparam', '-name', 'prime256v1', '-genkey', '-noout', ...out]);
}

export async function createAuthority(): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await Promise.all([key('ca'), key('service-accounts')]);
  const out = ['-key', join(dir, 'ca.key'), '-out', join(dir, 'ca.crt'), '-days', days];
  await run(['openssl', 'req', '-x509', '-new', '-subj', '/CN=haservice-local-cluster', ...out]);
}

/** Makes pki/NAME.key and pki/NAME.crt. */
export async function issue(name: string, { user, group, hosts = [] }: Identity): Promise<void> {
  await key(name);
  const path = (suffix: string) => join(dir, `${name}.${suffix}`);
  const subject = group === undefined ? `/CN=${user}` : `/O=${group}/CN=${user}`;
  await run([
    ...['openssl', 'req', '-new', '-key', path('key'), '-subj', subject],
    ...['-out', path('csr')],
  ]);
  const usage = 'extendedKeyUsage=clientAuth,serverAuth';
  const names = hosts.length === 0 ? '' : `subjectAltName=${hosts.join(',')}\n`;
  await writeFile(path('ext'), `${usage}\n${names}`);
  const authority = ['-CA', join(dir, 'ca.crt'), '-CAkey', join(dir, 'ca.key'), '-CAcreateserial'];
  await run([
    ...['openssl', 'x509', '-req', '-in', path('csr'), ...authority, '-days', days],
    ...['-extfile', path('ext'), '-out', path('crt'), '-CAserial', path('srl')],
  ]);
}

/** A kubeconfig with the certificate NAME: by path inside, or with its content for use on the machine. */
export function kubeconfig(
  name: string,
  server: string,
  embedded?: { ca: string; cert: string; key: string },
): string {
  const at = (file: string) => `${inside.state}/pki/${file}`;
  const encode = (text: string) => Buffer.from(text).toString('base64');
  return dump({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'haservice-local',
        cluster: {
          server,
          ...(embedded === undefined
            ? { 'certificate-authority': at('ca.crt') }
            : { 'certificate-authority-data': encode(embedded.ca) }),
        },
      },
    ],
    users: [
      {
        name,
        user:
          embedded === undefined
            ? { 'client-certificate': at(`${name}.crt`), 'client-key': at(`${name}.key`) }
            : {
                'client-certificate-data': encode(embedded.cert),
                'client-key-data': encode(embedded.key),
              },
      },
    ],
    contexts: [{ name: 'haservice-local', context: { cluster: 'haservice-local', user: name } }],
    'current-context': 'haservice-local',
  });
}
