import type { Degradation } from '../model/fault.ts';
import type { Spec } from '../../api/spec.ts';
import { asUnstructured } from '../model/unstructured.ts';

/** Source: Kubernetes API reference, "Quantity". */
const quantity = /^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+|[numkMGTPE]|[KMGTPE]i)?$/;

/** The API server reads null as 0. */
const isQuantity = (value: unknown): boolean =>
  value === null ||
  value === undefined ||
  typeof value === 'number' ||
  (typeof value === 'string' && quantity.test(value));

/** What to write instead, such as 1Gi for 1GB, 1gb or 1 GiB. */
function correction(value: unknown): string {
  const text = typeof value === 'string' ? value.replaceAll(/\s/g, '') : '';
  if (isQuantity(text)) return text;
  const [, number, letter] = /^(\d+(?:\.\d+)?)([kmgtpe])i?b?$/i.exec(text) ?? [];
  return number === undefined || letter === undefined
    ? 'a number with a unit of Kubernetes, such as 1Gi, 500Mi or 100m'
    : `${number}${letter.toUpperCase()}i`;
}

/** The quantities below a part of a spec, by their paths. */
function* quantitiesIn(part: unknown, path: string): Generator<[path: string, value: unknown]> {
  if (Array.isArray(part)) {
    for (const [i, each] of part.entries()) yield* quantitiesIn(each, `${path}[${i}]`);
    return;
  }
  for (const [name, value] of Object.entries(asUnstructured(part))) {
    const at = `${path}.${name}`;
    if (name === 'sizeLimit' || name === 'divisor') yield [at, value];
    if (name === 'resources') {
      for (const list of ['requests', 'limits']) {
        for (const [resource, each] of Object.entries(
          asUnstructured(asUnstructured(value)[list]),
        )) {
          yield [`${at}.${list}.${resource}`, each];
        }
      }
    } else yield* quantitiesIn(value, at);
  }
}

/** The words of the API server for what is no quantity. They name neither the field nor what to write. */
export const isAboutQuantity = (message: string): boolean =>
  message.includes('quantities must match the regular expression');

/** By spec: a template of a megabyte is not walked through in each pass. */
const found = new WeakMap<Spec, Degradation[]>();

/**
 * What is no quantity in the spec. The API server would refuse the next pod or claim, which may be long after the edit. No rule of the
 * CRD: it would refuse the status, too, of a service that is stored with such a value.
 */
export function wrongQuantities(spec: Spec): Degradation[] {
  const known = found.get(spec) ?? findWrong(spec);
  found.set(spec, known);
  return known;
}

function findWrong({ template, agent, volumeClaimTemplates }: Spec): Degradation[] {
  const parts = {
    'spec.template.spec': template.spec,
    'spec.agent': agent,
    'spec.volumeClaimTemplates': volumeClaimTemplates,
  };
  return Object.entries(parts)
    .flatMap(([path, part]) => [...quantitiesIn(part, path)])
    .filter(([, value]) => !isQuantity(value))
    .map(([path, value]) => ({
      reason: 'TemplateRefused',
      about: path,
      message: `${path}: ${JSON.stringify(value).slice(0, 64)} is no quantity of Kubernetes, so that no pod can be made: write ${correction(value)}`,
    }));
}
