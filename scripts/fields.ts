import * as z from 'zod';
import { environment } from '../src/api/environment.ts';
import { type Change, type FieldNotes, effects, fieldNotesKey } from '../src/api/field-notes.ts';
import { settingsSchema } from '../src/api/operator-settings.ts';
import { specSchema } from '../src/api/spec.ts';

/** A schema as JSON Schema, as far as the page needs it. */
interface Schema {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: string[];
  anyOf?: Schema[];
  minimum?: number;
  maximum?: number;
  maxItems?: number;
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  [fieldNotesKey]?: FieldNotes;
  'x-kubernetes-int-or-string'?: boolean;
}

export interface Field {
  /** With `[]` for any entry of a list: ports[].name. */
  path: string;
  schema: Schema;
  isRequired: boolean;
  isLeaf: boolean;
  example: unknown;
  /** Its own, or the effect of that of the field around it. */
  change: Change | undefined;
}

/** What a field contains, if it is an object with named fields, or a list of such objects. */
function inner({ properties, required = [], items }: Schema): Schema | undefined {
  if (properties !== undefined && Object.keys(properties).length > 0) {
    return { properties, required };
  }
  return items && inner(items);
}

function fieldsBelow(schema: Schema, path: string, around: Change | undefined): Field[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, child]) => {
    const notes = child[fieldNotesKey];
    const own = notes?.change ?? child.items?.[fieldNotesKey]?.change;
    const content = inner(child);
    const field: Field = {
      path: `${path}${name}`,
      schema: child,
      isRequired: schema.required?.includes(name) === true,
      isLeaf: content === undefined,
      example: notes?.example,
      change: own ?? (around && { effect: around.effect }),
    };
    const prefix = child.items === undefined ? `${field.path}.` : `${field.path}[].`;
    return [field, ...(content === undefined ? [] : fieldsBelow(content, prefix, field.change))];
  });
}

const fieldsOf = (schema: z.ZodType): Field[] =>
  fieldsBelow(
    z.toJSONSchema(schema, { io: 'input', target: 'openapi-3.0' }) as Schema,
    '',
    undefined,
  );

export const specFields = (): Field[] => fieldsOf(specSchema);
export const settingsFields = (): Field[] => fieldsOf(settingsSchema);

/** An object in which the field at this path has this value; around it, what the path asks for. */
function nested(path: string, value: unknown): unknown {
  const [first = '', ...rest] = path.split('.');
  const name = first.replace('[]', '');
  const content = rest.length === 0 ? value : nested(rest.join('.'), value);
  return { [name]: first.endsWith('[]') && rest.length > 0 ? [content] : content };
}

/** As YAML in one line, such as `failover: { delay: 3s }`. */
function flow(value: unknown, isTop = false): string {
  if (Array.isArray(value)) return `[${value.map((each) => flow(each)).join(', ')}]`;
  if (typeof value === 'string') return isPlain(value) ? value : JSON.stringify(value);
  if (typeof value !== 'object' || value === null) return String(value);
  const entries = Object.entries(value).map(([name, each]) => `${name}: ${flow(each)}`);
  return isTop ? entries.join('\n') : `{ ${entries.join(', ')} }`;
}

/** A text that YAML reads as a text without quotes: not a number, a time or anything with a mark of YAML. */
const isPlain = (text: string) => /^[A-Za-z/][-A-Za-z0-9_./]*$|^[0-9]+[A-Za-z]+$/.test(text);

const exampleOf = ({ path, example }: Field): string =>
  example === undefined ? '' : `\n\n\`\`\`yaml\n${flow(nested(path, example), true)}\n\`\`\``;

function typeOf({ type, anyOf, items, properties, ...schema }: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((word) => `\`${word}\``).join(', ');
  if (anyOf !== undefined) return anyOf.map(typeOf).join(', or ');
  if (schema['x-kubernetes-int-or-string'] === true) return 'duration';
  if (type === 'array') {
    return `list of ${items?.properties === undefined ? 'texts' : 'objects'}${schema.maxItems === undefined ? '' : `, at most ${schema.maxItems}`}`;
  }
  if (type === 'string') return 'text';
  if (type === 'object') return properties === undefined ? 'map' : 'object';
  if (type === 'boolean') return '`true` or `false`';
  const { minimum = 0, maximum = Number.MAX_SAFE_INTEGER } = schema;
  const upTo =
    maximum >= Number.MAX_SAFE_INTEGER ? `at least ${minimum}` : `${minimum} to ${maximum}`;
  return `${type === 'integer' ? 'whole number' : 'number'}, ${upTo}`;
}

function defaultOf({ schema, isRequired, isLeaf }: Field): string {
  if (isRequired) return '**Required.**';
  const { default: value } = schema;
  if (!isLeaf || value === undefined || value === '') return 'Optional.';
  return `Default: \`${flow(value)}\`.`;
}

function changeOf({ change }: Field): string {
  if (change === undefined) return '';
  const { effect, note, refused } = change;
  return [
    `A change takes effect ${effects[effect]}.`,
    ...(note === undefined ? [] : [note]),
    ...(refused === undefined ? [] : [`**Refused:** ${lowerFirst(refused)}`]),
  ].join(' ');
}

const lowerFirst = (text: string) => text.slice(0, 1).toLowerCase() + text.slice(1);

/** A description from the schema is plain text: what Markdown would read as a mark of its own stays as it is. */
const escaped = (text: string) => text.replaceAll(/[*_<>[\]|]/g, '\\$&');

const section = (field: Field, level: number): string =>
  [
    `${'#'.repeat(level)} ${field.path}`,
    `${capital(typeOf(field.schema))}. ${defaultOf(field)}`,
    escaped(field.schema.description ?? ''),
    `${changeOf(field)}${exampleOf(field)}`,
  ].join('\n\n');

const capital = (text: string) => text.slice(0, 1).toUpperCase() + text.slice(1);

const isTop = ({ path }: Field) => !/[.[]/.test(path);

const intro = `# Every field

<!-- Made by \`npm run generate\` from src/api. Do not edit. -->

Each field of \`spec\`, of [the settings of the operator](#settings-of-the-operator), and of [its environment](#environment-of-the-operator): its type, its default, what it is, when a change takes effect, and an example.
\`kubectl explain haservice.spec.failover\` has the descriptions as well. [reference.md](reference.md) has conditions, Events and errors.

What the words on this page mean:

- **at once**: as soon as the operator sees the change; no member is restarted.
- **by a rolling update**: standbys are replaced first, one by one, while all other members are well; then the role of the primary moves, and its pod is replaced. Until then a member is reached as its pod was made.
- **for members that are made from then on**: members that exist stay as they are.
- **Refused**: the API server refuses the change, and says what to write instead.

A duration is a number and a unit (\`ms\`, \`s\`, \`m\`, \`h\`), such as \`500ms\` or \`1m30s\`. Below a list, an example shows one entry with one field, and leaves out what else the entry needs.
While \`paused\` is true, the operator changes nothing in the cluster.`;

const settingsIntro = `## Settings of the operator

In the ConfigMap \`haservice-operator\`, under the key \`settings.yaml\`: [operator-settings.md](operator-settings.md) shows it, and says what holds if the text is wrong.`;

const environmentIntro = `## Environment of the operator

Variables of the container in \`manifests/operator.yaml\`. They take effect when the operator starts. Besides these, an operator outside of a cluster reads \`KUBECONFIG\`, as kubectl does.`;

function environmentTable(): string {
  const rows = Object.entries(environment).map(
    ([name, { description, default: value, example }]) =>
      `|\`${name}\`|${description}|${value}|\`${example}\`|`,
  );
  return ['|variable|what it is|default|example|', '|-|-|-|-|', ...rows].join('\n');
}

/** A field that contains the same as the one before it need not say it all again. */
function sections(fields: Field[]): string[] {
  const copies: string[] = [];
  return fields.flatMap((field) => {
    const { path, schema } = field;
    if (copies.some((each) => path.startsWith(`${each}.`))) return [];
    const content = JSON.stringify(inner(schema));
    const model = fields.find(
      (other) => other !== field && JSON.stringify(inner(other.schema)) === content,
    );
    const isCopy =
      content !== undefined && model !== undefined && fields.indexOf(model) < fields.indexOf(field);
    if (isCopy) copies.push(path);
    const text = section(field, isTop(field) ? 3 : 4);
    return [isCopy ? `${text}\n\nThe fields are those of \`${model.path}\`.` : text];
  });
}

/** docs/fields.md, before it is formatted. */
export function fieldsPage(): string {
  const fields = specFields();
  return [
    intro,
    `## Fields of spec\n\n${fields
      .filter(isTop)
      .map(({ path }) => `[${path}](#${path.toLowerCase()})`)
      .join(' · ')}`,
    ...sections(fields),
    settingsIntro,
    ...sections(settingsFields()),
    environmentIntro,
    environmentTable(),
  ].join('\n\n');
}
