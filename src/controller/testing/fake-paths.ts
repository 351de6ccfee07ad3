import type { KubeObject } from '../../kube/api-types.ts';

export interface Path {
  plural: string;
  namespace: string;
  name?: string;
  subresource?: string;
}

export type Stored = KubeObject & {
  metadata: NonNullable<KubeObject['metadata']>;
  status?: unknown;
};

/** What a client lists and watches: the query of its request, and the namespace in its path. */
export interface Selection {
  namespace: string;
  label: string | null;
  field: string | null;
}

export const keyOf = ({ plural, namespace, name }: Path) => `${plural}/${namespace}/${name}`;

export function selects(
  { namespace, label, field }: Selection,
  object: Stored | undefined,
): boolean {
  if (object === undefined) return false;
  const { labels = {}, name, namespace: own } = object.metadata;
  if (namespace !== '' && namespace !== own) return false;
  if (field !== null && field !== `metadata.name=${name}`) return false;
  if (label === null) return true;
  const [key = '', value] = label.split('=');
  return value === undefined ? labels[key] !== undefined : labels[key] === value;
}

export function parse(path: string): Path {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const isNamespaced = parts[0] === 'namespaces' && parts.length > 2;
  const namespace = isNamespaced ? (parts[1] ?? '') : '';
  const [plural = '', name, subresource] = isNamespaced ? parts.slice(2) : parts;
  return {
    plural,
    namespace,
    ...(name === undefined ? {} : { name }),
    ...(subresource === undefined ? {} : { subresource }),
  };
}
