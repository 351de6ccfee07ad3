import {
  formerPasswordFile,
  passwordFile,
  passwordFolder,
  tlsFolder,
} from '../../protocol/agent-config.ts';
import type { EngineSpec } from '../../api/engine-spec.ts';
import type { Spec } from '../../api/spec.ts';
import type { Member } from '../model/observed.ts';
import { type Unstructured, asUnstructured } from '../model/unstructured.ts';

type SecretKey = NonNullable<EngineSpec['passwordSecret']>;

const tlsVolume = 'haservice-tls';
const passwordVolume = 'haservice-password';

/**
 * The Secrets of members that were made before engine.passwordSecret named another one. A member that is made now must know these
 * passwords, too, until every member knows the new one, as if the content of one Secret had changed.
 */
function formerSecrets({ engine }: Spec, members: readonly Member[]): SecretKey[] {
  const present = engine.passwordSecret;
  if (present === undefined) return [];
  const found = new Map<string, SecretKey>();
  for (const { passwordSecret: former } of members) {
    if (former !== undefined) found.set(`${former.name}/${former.key}`, former);
  }
  found.delete(`${present.name}/${present.key}`);
  return [...found.values()];
}

/** A pod without its Secret would wait for it, and only an Event would say so. The agent waits, and reports why. */
const optional = true;

function passwordSource(present: SecretKey, former: readonly SecretKey[]): Unstructured {
  const items = ({ key }: SecretKey, path: string) => [{ key, path }];
  if (former.length === 0) {
    return {
      secret: { secretName: present.name, items: items(present, passwordFile), optional },
    };
  }
  const sources = [present, ...former].map((secret, i) => ({
    name: secret.name,
    items: items(secret, i === 0 ? passwordFile : formerPasswordFile(i)),
    optional,
  }));
  return { projected: { sources: sources.map((secret) => ({ secret })) } };
}

/**
 * The volumes of Secrets, and where the container of the program mounts them. Not part of the template's hash: a pod of an earlier version has
 * the password in its environment until it is replaced. The kubelet updates a mounted Secret, but not a variable.
 */
export function secretVolumes(
  spec: Spec,
  members: readonly Member[],
): { volume: Unstructured; mount: Unstructured }[] {
  const { tls, passwordSecret } = spec.engine;
  const of = (name: string, mountPath: string, source: Unstructured) => ({
    volume: { name, ...source },
    mount: { name, mountPath, readOnly: true },
  });
  const volumes = [];
  if (tls !== undefined) {
    volumes.push(of(tlsVolume, tlsFolder, { secret: { secretName: tls.secretName } }));
  }
  if (passwordSecret !== undefined) {
    const { fsGroup } = asUnstructured((spec.template.spec as Unstructured)['securityContext']);
    // The file belongs to root, and to the fsGroup. Without one, the image alone knows as which user its program runs.
    const defaultMode = fsGroup === undefined ? 0o444 : 0o440;
    const source = passwordSource(passwordSecret, formerSecrets(spec, members));
    const withMode = Object.entries(source).map(([kind, fields]) => [
      kind,
      { ...asUnstructured(fields), defaultMode },
    ]);
    volumes.push(of(passwordVolume, passwordFolder, Object.fromEntries(withMode) as Unstructured));
  }
  return volumes;
}
