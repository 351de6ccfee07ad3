import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from './exec.ts';

const days = '365';

export interface Identity {
  /** Common name: the user. */
  user: string;
  /** Organization: the group. */
  group?: string;
  /** Names and addresses of a server, as `IP:10.96.0.1`. */
  hosts?: string[];
}

/** Signs certificates by openssl: ca.crt, and NAME.key and NAME.crt, in a folder. */
export class Authority {
  readonly dir: string;

  constructor(dir: string) {
    this.dir = dir;
  }

  /** @param name its common name */
  async create(name: string): Promise<void> {
    await mkdir(this.dir, { recursive: true, mode: 0o700 });
    await this.createKey('ca');
    const out = ['-key', 'ca.key', '-out', 'ca.crt', '-days', days];
    await this.#openssl('req', '-x509', '-new', '-subj', `/CN=${name}`, ...out);
  }

  /** In SEC 1 form: the API server does not read a PKCS #8 key for service accounts. */
  async createKey(name: string): Promise<void> {
    const out = ['-out', `${name}.key`];
    await this.#openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', ...out);
  }

  async issue(name: string, { user, group, hosts = [] }: Identity): Promise<void> {
    await this.createKey(name);
    const file = (suffix: string) => `${name}.${suffix}`;
    const subject = group === undefined ? `/CN=${user}` : `/O=${group}/CN=${user}`;
    const request = ['-key', file('key'), '-subj', subject, '-out', file('csr')];
    await this.#openssl('req', '-new', ...request);
    const usage = 'extendedKeyUsage=clientAuth,serverAuth';
    const names = hosts.length === 0 ? '' : `subjectAltName=${hosts.join(',')}\n`;
    await writeFile(join(this.dir, file('ext')), `${usage}\n${names}`);
    const authority = ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
    await this.#openssl(
      ...['x509', '-req', '-in', file('csr'), ...authority, '-days', days],
      ...['-extfile', file('ext'), '-out', file('crt'), '-CAserial', file('srl')],
    );
  }

  /** Run in the folder with file names only: openssl accepts no path of a serial number beyond 255 bytes. */
  #openssl(...args: string[]): Promise<string> {
    return run(['openssl', ...args], { cwd: this.dir });
  }
}
