import { X509Certificate, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KubeObject } from '../../../src/kube/api-types.ts';
import type { ResourceType } from '../../../src/kube/resources.ts';
import type { KubeClient } from '../../../src/kube/client.ts';
import { Authority } from '../../cluster/authority.ts';
import type { TlsOptions } from '../../workload/torture/session.ts';

const callMs = 5_000;

/** Not among src's resources: the operator reads no Secrets. */
const secrets: ResourceType<Secret> = {
  ...{ apiVersion: 'v1', kind: 'Secret', plural: 'secrets', namespaced: true },
};

interface Secret extends KubeObject {
  data?: Record<string, string>;
}

export const passwordSecret = { name: 'target-password', key: 'password' } as const;
export const tlsSecret = 'target-tls';

export type Credential = 'password' | 'certificate';

interface Pair<T> {
  current: T;
  /** What a renewal brings: made before, so that clients can know it from the start of a run. */
  next: T;
}

interface Leaf {
  serial: string;
  files: Record<'tls.crt' | 'tls.key' | 'ca.crt', string>;
}

/** The password of the tested service, and its certificate if it has one, in their Secrets. */
export class Credentials {
  readonly #client: Pick<KubeClient, 'get' | 'mergePatch'>;
  readonly #namespace: string;
  readonly #authority: Authority | undefined;
  readonly #password: Pair<string> = { current: newPassword(), next: newPassword() };
  #leaf: Pair<Leaf> | undefined;
  #former: string | undefined;
  #isRenewed = false;

  private constructor(
    client: Pick<KubeClient, 'get' | 'mergePatch'>,
    namespace: string,
    authority: Authority | undefined,
  ) {
    this.#client = client;
    this.#namespace = namespace;
    this.#authority = authority;
  }

  static async create(
    client: Pick<KubeClient, 'get' | 'mergePatch'>,
    namespace: string,
    hasTls: boolean,
  ): Promise<Credentials> {
    if (!hasTls) return new Credentials(client, namespace, undefined);
    const authority = new Authority(await mkdtemp(join(tmpdir(), 'haservice-torture-')));
    const made = new Credentials(client, namespace, authority);
    try {
      await authority.create('torture');
      made.#leaf = { current: await made.#issue(authority), next: await made.#issue(authority) };
    } catch (error) {
      await made.close();
      throw error;
    }
    return made;
  }

  /** The password that the last `settle()` has found replaced. */
  get former(): string | undefined {
    return this.#former;
  }

  /** Whether the last `settle()` has found a change. */
  get isRenewed(): boolean {
    return this.#isRenewed;
  }

  /** What a client may meet until the next `settle()`. */
  get possible(): { passwords: string[]; tls?: TlsOptions } {
    return this.#options(({ current, next }) => [current, next]);
  }

  /** What is in force when every member has taken it over. */
  get inForce(): { passwords: string[]; tls?: TlsOptions } {
    return this.#options(({ current }) => [current]);
  }

  /** The Secrets of the service. */
  objects(): KubeObject[] {
    const { name, key } = passwordSecret;
    const secret = (of: string, stringData: Record<string, string>, type = 'Opaque') => ({
      ...{ apiVersion: 'v1', kind: 'Secret', type, stringData },
      metadata: { name: of, namespace: this.#namespace },
    });
    const files = this.#leaf?.current.files;
    return [
      secret(name, { [key]: this.#password.current }),
      ...(files === undefined ? [] : [secret(tlsSecret, files, 'kubernetes.io/tls')]),
    ];
  }

  async renew(what: Credential): Promise<void> {
    if (what === 'password') {
      await this.#patch(passwordSecret.name, { [passwordSecret.key]: this.#password.next });
    } else if (this.#leaf !== undefined) {
      await this.#patch(tlsSecret, this.#leaf.next.files);
    }
  }

  /** Looks at what the Secrets hold: the answer to a renewal may have been lost. */
  async settle(): Promise<void> {
    this.#former = undefined;
    this.#isRenewed = false;
    const password = await this.#read(passwordSecret.name, passwordSecret.key);
    if (password === this.#password.next) {
      this.#isRenewed = true;
      this.#former = this.#password.current;
      this.#password.current = password;
      this.#password.next = newPassword();
    }
    if (this.#leaf === undefined || this.#authority === undefined) return;
    const { next } = this.#leaf;
    if ((await this.#read(tlsSecret, 'tls.crt')) !== next.files['tls.crt']) return;
    this.#isRenewed = true;
    this.#leaf = { current: next, next: await this.#issue(this.#authority) };
  }

  async close(): Promise<void> {
    if (this.#authority !== undefined) await rm(this.#authority.dir, { recursive: true });
  }

  #options(of: <T>(pair: Pair<T>) => T[]): { passwords: string[]; tls?: TlsOptions } {
    const passwords = of(this.#password);
    if (this.#leaf === undefined) return { passwords };
    const leaves = of(this.#leaf);
    const authority = this.#leaf.current.files['ca.crt'];
    return { passwords, tls: { authority, serials: leaves.map(({ serial }) => serial) } };
  }

  async #issue(authority: Authority): Promise<Leaf> {
    await authority.issue('tls', { user: 'target' });
    const file = (name: string) => readFile(join(authority.dir, name), 'utf8');
    const certificate = await file('tls.crt');
    return {
      serial: new X509Certificate(certificate).serialNumber,
      files: {
        'tls.crt': certificate,
        'tls.key': await file('tls.key'),
        'ca.crt': await file('ca.crt'),
      },
    };
  }

  #patch(name: string, stringData: Record<string, string>): Promise<unknown> {
    const ref = { namespace: this.#namespace, name };
    return this.#client.mergePatch(secrets, ref, { stringData }, { timeoutMs: callMs });
  }

  async #read(name: string, key: string): Promise<string> {
    const ref = { namespace: this.#namespace, name };
    const { data } = await this.#client.get(secrets, ref, { timeoutMs: callMs });
    return Buffer.from(data?.[key] ?? '', 'base64').toString();
  }
}

const newPassword = (): string => randomBytes(9).toString('hex');
