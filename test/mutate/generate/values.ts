import fc from 'fast-check';
import { type Schema, isMap, isOpen } from './fields.ts';
import { mapKey } from './path.ts';
import { textsFor } from './texts.ts';

/** One value of a field. */
export interface Value {
  /** Undefined: the field is absent. */
  value: unknown;
  /** What is special about the value, in words. */
  what: string;
  /** Whether the value fits the schema of the field. A rule between fields may still refuse it. */
  fits: boolean;
}

const good = (what: string, value: unknown): Value => ({ value, what, fits: true });
const bad = (what: string, value: unknown): Value => ({ value, what, fits: false });

/** Values of each other type; text last, as some fields take numbers and texts. */
const otherTypes: [string, unknown][] = [
  ['boolean', true],
  ['integer', 7],
  ['number', 1.5],
  ['array', ['x']],
  ['object', { x: 1 }],
  ['string', 'x'],
];

/**
 * Valid, boundary and invalid values of a schema; equal for equal seeds. The value null is not among them: the API server takes it
 * for an absent field.
 */
export function valuesOf(schema: Schema, seed: number): Value[] {
  const all = [...ofType(schema, seed), ...wrongTypes(schema)];
  const seen = new Set<string>();
  return all.filter(({ value }) => {
    const text = JSON.stringify(value);
    return !seen.has(text) && seen.add(text);
  });
}

function ofType(schema: Schema, seed: number): Value[] {
  const { anyOf, type } = schema;
  if (anyOf !== undefined) return ofSeveral(anyOf, seed);
  if (schema.enum !== undefined) return ofEnum(schema.enum);
  if (type === 'boolean') return [good('true', true), good('false', false), bad('a text', 'true')];
  if (type === 'integer' || type === 'number') return ofNumber(schema, seed);
  if (type === 'string') return ofText(schema, seed);
  if (type === 'array') return ofList(schema, seed);
  return ofObject(schema, seed);
}

/** A value that fits one of them is valid. */
function ofSeveral(schemas: Schema[], seed: number): Value[] {
  const each = schemas.map((schema) => ofType(schema, seed));
  const fit = each.flat().filter(({ fits }) => fits);
  const types = schemas.map(({ type }) => type);
  const sameType = ({ value }: Value, i: number) =>
    typeOf(value) === schemas[i]?.type || !types.includes(typeOf(value));
  const unfit = each.flatMap((values, i) =>
    values.filter((value) => !value.fits && sameType(value, i)),
  );
  return [...fit, ...unfit];
}

function ofEnum(values: unknown[]): Value[] {
  const [first] = values.map(String);
  const lower = (first ?? '').toLowerCase();
  return [
    ...values.map((value) => good('a known word', value)),
    bad('an unknown word', `${first}x`),
    ...(values.includes(lower) ? [] : [bad('in lower case', lower)]),
    bad('empty', ''),
  ];
}

function ofNumber({ type, minimum = 0, maximum = 2 ** 31, default: usual }: Schema, seed: number) {
  const isWhole = type === 'integer';
  const arbitrary = isWhole
    ? fc.integer({ min: minimum, max: Math.min(maximum, 2 ** 31 - 1) })
    : fc.double({ min: minimum, max: maximum, noNaN: true });
  const [drawn] = fc.sample(arbitrary, { seed, numRuns: 1 });
  return [
    good('the least', minimum),
    good('one in between', drawn),
    ...(usual === undefined ? [] : [good('the default', usual)]),
    good('the greatest', maximum),
    bad('less than the least', minimum - 1),
    // Above it no number is exact.
    ...(maximum >= Number.MAX_SAFE_INTEGER ? [] : [bad('more than the greatest', maximum + 1)]),
    ...(isWhole ? [bad('not whole', minimum + 0.5)] : []),
    bad('a number as a text', String(minimum)),
  ];
}

function ofText(schema: Schema, seed: number): Value[] {
  const { fit, unfit } = textsFor(schema, seed);
  const isDuration = isDurationPattern(schema.pattern ?? '');
  return [
    ...(schema.default === undefined ? [] : [good('the default', schema.default)]),
    ...(isDuration ? durations : []),
    ...fit.map((text) => good(lengthOf(text, schema), text)),
    ...unfit.map((text) => bad(lengthOf(text, schema), text)),
  ];
}

const isDurationPattern = (pattern: string) => {
  const [takes, refuses] = [
    ['1m30s', '2.5s'],
    ['a', '1'],
  ];
  const matches = (text: string) => new RegExp(pattern).test(text);
  return takes.every(matches) && !refuses.some(matches);
};

const durations = [
  good('no time', '0s'),
  good('the shortest', '1ms'),
  good('several units', '1m30s'),
  good('a fraction', '2.5s'),
  good('the longest', '999999h'),
  bad('a number without a unit', '2'),
];

function lengthOf({ length }: string, { maxLength }: Schema): string {
  if (length === 0) return 'empty';
  if (length === maxLength) return 'the longest';
  return length > (maxLength ?? Infinity) ? 'too long' : 'a text';
}

function ofList({ items = {}, minItems = 0, maxItems }: Schema, seed: number): Value[] {
  const one = ofType(items, seed).find(({ fits }) => fits)?.value;
  const many = (count: number) => Array.from({ length: count }, () => one);
  const sized = (what: string, count: number) =>
    count >= minItems && count <= (maxItems ?? Infinity)
      ? good(what, many(count))
      : bad(what, many(count));
  return [
    sized('empty', 0),
    sized('with one entry', 1),
    ...(maxItems === undefined ? [] : [sized('full', maxItems), sized('too long', maxItems + 1)]),
    bad('with a wrong entry', [wrongEntry(items)]),
    bad('with null', [null]),
  ];
}

const wrongEntry = (schema: Schema) => wrongTypes(schema)[0]?.value;

function ofObject(schema: Schema, seed: number): Value[] {
  const { properties = {}, required = [], additionalProperties: values } = schema;
  if (isMap(schema) && values !== undefined) {
    const [one] = ofType(values, seed).filter(({ fits }) => fits);
    return [
      good('empty', {}),
      good('with one entry', { [mapKey]: one?.value }),
      bad('with a wrong entry', { [mapKey]: wrongEntry(values) }),
    ];
  }
  const least = Object.fromEntries(
    required.map((name) => [
      name,
      ofType(properties[name] ?? {}, seed).find(({ fits }) => fits)?.value,
    ]),
  );
  return [
    good('with what it must have', least),
    ...required.map((name) => {
      const rest = Object.fromEntries(Object.entries(least).filter(([key]) => key !== name));
      return bad(`without ${name}`, rest);
    }),
    ...(isOpen(schema) ? [] : [bad('with an unknown field', { ...least, unknownField: 1 })]),
  ];
}

function wrongTypes({ type, anyOf }: Schema): Value[] {
  const allowed = anyOf?.map((each) => each.type) ?? [type];
  const isAllowed = (other: string) =>
    allowed.includes(other) ||
    // A whole number is a number.
    (other === 'integer' && allowed.includes('number'));
  return otherTypes
    .filter(([other]) => !isAllowed(other) && !(other === 'number' && allowed.includes('integer')))
    .map(([other, value]) => bad(`of type ${other}`, value));
}

function typeOf(value: unknown): string {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}
