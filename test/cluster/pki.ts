import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { dump } from 'js-yaml';
import { run } from './exec.ts';
import { inside, stateDir } from './paths.ts';

const dir = join(stateDir, 'pki');
/** Run in that folder with file names only: openssl accepts no path of a serial number beyond 255 bytes. */
const openssl = (...args: string[]) => run(['openssl', ...args], { cwd: dir });
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
  const out = ['-out', `${name}.key`];
  await openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', ...out);
}

export async function createAuthority(): Promise<void> {
  await mkdir(dir, { recursive: true, mode: 0o700 });
  await Promise.all([key('ca'), key('service-accounts')]);
  const out = ['-key', 'ca.key', '-out', 'ca.crt', '-days', days];
  await openssl('req', '-x509', '-new', '-subj', '/CN=haservice-local-cluster', ...out);
}

/** Creates pki/NAME.key and pki/NAME.crt. */
export async function issue(name: string, { user, group, hosts = [] }: Identity): Promise<void> {
  await key(name);
  const file = (suffix: string) => `${name}.${suffix}`;
  const subject = group === undefined ? `/CN=${user}` : `/O=${group}/CN=${user}`;
  await openssl('req', '-new', '-key', file('key'), '-subj', subject, '-out', file('csr'));
  const usage = 'extendedKeyUsage=clientAuth,serverAuth';
  const names = hosts.length === 0 ? '' : `subjectAltName=${hosts.join(',')}\n`;
  await writeFile(join(dir, file('ext')), `${usage}\n${names}`);
  const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  await openssl(
    ...['x509', '-req', '-in', file('csr'), ...authority, '-days', days],
    ...['-extfile', file('ext'), '-out', file('crt'), '-CAserial', file('srl')],
  );
}

/** A kubeconfig with the certificate NAME: by its path inside, or with its content for use on the machine. */
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
