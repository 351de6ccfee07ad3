import { appliedAnnotation } from '../../api/labels.ts';
import type { Manifest } from '../model/manifest.ts';

type Texts = Record<string, string>;

/** Labels and annotations that the user gives to an object. */
export interface GivenNames {
  labels?: Texts | undefined;
  annotations?: Texts | undefined;
}

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
  const list = (value: unknown) =>
    Array.isArray(value) ? value.filter((name) => typeof name === 'string') : [];
  try {
    const names = JSON.parse(text) as { labels?: unknown; annotations?: unknown } | null;
    return { labels: list(names?.labels), annotations: list(names?.annotations) };
  } catch {
    return none;
  }
}

/** The names that the present object was given, and that its manifest no longer has, each with null: it must be absent. */
export function namesToRemove(
  manifest: Manifest,
  present: { annotations?: Texts } | undefined,
): { labels: Record<string, null>; annotations: Record<string, null> } | undefined {
  const former = formerNames(present?.annotations);
  const { labels = {}, annotations = {} } = manifest.metadata;
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
