import { join } from 'node:path';
import { dump } from 'js-yaml';
import { Authority, type Identity } from './authority.ts';
import { inside, stateDir } from './paths.ts';

/** That of the cluster. Files: pki/NAME.key and pki/NAME.crt. */
const authority = new Authority(join(stateDir, 'pki'));

export async function createAuthority(): Promise<void> {
  await authority.create('haservice-local-cluster');
  await authority.createKey('service-accounts');
}

export const issue = (name: string, identity: Identity): Promise<void> =>
  authority.issue(name, identity);

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
