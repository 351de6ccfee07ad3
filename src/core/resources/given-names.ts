import { appliedAnnotation, isOwnName } from '../../api/labels.ts';
import type { Manifest } from '../model/manifest.ts';
import type { GivenNames } from '../model/found-objects.ts';
import type { Resource } from '../model/observed.ts';
import { asUnstructured } from '../model/unstructured.ts';

type Texts = Record<string, string>;

/**
 * The labels and annotations of an object: those that the user gives, and those of the operator, which nothing overrides. The names
 * of the former are noted in an annotation, so that another process of the operator can remove those that are given no more.
 */
export function withNames(
  { labels = {}, annotations = {} }: GivenNames,
  own: Texts,
): Pick<Manifest['metadata'], 'labels' | 'annotations'> {
  const names = {
    labels: Object.keys(labels).sort(),
    annotations: Object.keys(annotations).sort(),
  };
  const isNone = names.labels.length + names.annotations.length === 0;
  return {
    labels: { ...labels, ...own },
    ...(isNone
      ? {}
      : { annotations: { ...annotations, [appliedAnnotation]: JSON.stringify(names) } }),
  };
}

/** What an object was given before, by its annotation. Somebody may have changed that. */
function formerNames(annotations: Texts | undefined): { labels: string[]; annotations: string[] } {
  const text = annotations?.[appliedAnnotation];
  const none = { labels: [], annotations: [] };
  if (text === undefined) return none;
  // Without the operator's own labels an object would no longer be watched.
  const isGiven = (name: unknown): name is string => typeof name === 'string' && !isOwnName(name);
  const list = (value: unknown): string[] =>
    Array.isArray(value) ? (value as unknown[]).filter(isGiven) : [];
  try {
    const names = JSON.parse(text) as { labels?: unknown; annotations?: unknown } | null;
    return { labels: list(names?.labels), annotations: list(names?.annotations) };
  } catch {
    return none;
  }
}

/** The names that the present object was given, and that its manifest no longer has, each with null: it must be absent. */
export function namesToRemove(
  { metadata }: { metadata: GivenNames },
  present: GivenNames | undefined,
): { labels: Record<string, null>; annotations: Record<string, null> } | undefined {
  const former = formerNames(present?.annotations);
  const { labels = {}, annotations = {} } = metadata;
  const gone = (names: string[], wished: Texts) =>
    Object.fromEntries(names.filter((name) => !(name in wished)).map((name) => [name, null]));
  const isNoted = present?.annotations?.[appliedAnnotation] !== undefined;
  return isNoted
    ? {
        labels: gone(former.labels, labels),
        annotations: gone([...former.annotations, appliedAnnotation], annotations),
      }
    : undefined;
}

/** What an object inherits of the HAService, and what it is given itself, which comes first. */
export const withInherited = ({ inherited }: Resource, own: GivenNames = {}): GivenNames => ({
  labels: { ...inherited?.labels, ...own.labels },
  annotations: { ...inherited?.annotations, ...own.annotations },
});

/** What an object inherits that is made from a template: not what the template gives it. */
export function inheritedBy({ inherited }: Resource, template: unknown): GivenNames {
  const metadata = asUnstructured(template);
  const rest = (field: 'labels' | 'annotations') => {
    const given = asUnstructured(metadata[field]);
    return Object.fromEntries(
      Object.entries(inherited?.[field] ?? {}).filter(([name]) => !(name in given)),
    );
  };
  return { labels: rest('labels'), annotations: rest('annotations') };
}
