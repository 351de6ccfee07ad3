import { YAMLException, loadAll } from 'js-yaml';
import * as z from 'zod';
import { HAError } from './errors.ts';
import { example, takesEffect } from './field-notes.ts';

/** Name of the ConfigMap, in the namespace of the operator. */
export const settingsName = 'haservice-operator';
/** The one key of the ConfigMap. */
export const settingsKey = 'settings.yaml';

/** The value that is wrong, and what to write instead. */
const insteadOf = (toWrite: string) => ({
  error: ({ input }: { input?: unknown }) => `is ${shown(input)}; ${toWrite}`,
});

/** Of a list or a mapping, which may be long or contain itself, only what it is. */
function shown(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value).slice(0, 64);
  return Array.isArray(value) ? 'a list' : 'a mapping';
}

const limit = z
  .int(insteadOf('write a whole number, at least 1'))
  .min(1, insteadOf('write at least 1 (chaos.enabled: false stops all chaos)'));

const namespace = z
  .string(insteadOf('write the name of a namespace'))
  .regex(/^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/, insteadOf('write the name of a namespace'));

/** docs/fields.md is generated from it; docs/operator-settings.md says how to use the settings. */
export const settingsSchema = z.strictObject(
  {
    chaos: z
      .strictObject(
        {
          enabled: z
            .boolean(insteadOf('write true or false'))
            .default(true)
            .meta({
              description: 'The stop switch: false stops all chaos in the cluster.',
              ...example(false),
            }),
          maxExperiments: limit.default(3).meta({
            description: 'How many experiments may run at the same time, in the whole cluster.',
            ...example(5),
          }),
          maxExperimentsPerZone: limit.default(1).meta({
            description: 'How many experiments may run at the same time with members in one zone.',
            ...example(2),
          }),
        },
        insteadOf('write its fields below it, indented, such as enabled: false'),
      )
      .prefault({})
      .meta({ description: 'Limits of experiments.', ...takesEffect({ effect: 'AtOnce' }) }),
    namespaces: z
      .array(namespace, insteadOf('write a list, such as [shop, payments]'))
      .min(1, {
        error:
          'is an empty list; write at least one namespace, or leave the field out for all of them',
      })
      .optional()
      .meta({
        description:
          'The namespaces that the operator works on. Absent: all. In others it asks for nothing, so that it needs the role `haservice-operator` in these alone: see `examples/namespaced`. Nodes and the labels of namespaces are read in the whole cluster.',
        ...example(['shop', 'payments'], {
          effect: 'AtOnce',
          note: 'The process of the operator ends, and Kubernetes starts it again with the new list.',
        }),
      }),
  },
  insteadOf('write fields, such as chaos: { enabled: false }'),
);

export type OperatorSettings = z.output<typeof settingsSchema>;

export const defaultSettings: OperatorSettings = settingsSchema.parse({});

/** A ConfigMap, as far as it has settings. */
export interface SettingsSource {
  data?: Readonly<Record<string, string>>;
  binaryData?: Readonly<Record<string, string>>;
}

/**
 * The settings in the ConfigMap; the defaults if there is none, or none of its keys. Another key is refused, and a text that is not
 * UTF-8, which kubectl puts into binaryData: a mistake must not turn a stop switch off.
 *
 * @throws HAError HA_ERR_SETTINGS_INVALID with the path and the fault of each wrong field.
 */
export const settingsOf = (source?: SettingsSource): OperatorSettings =>
  parseSettings(textOf(source));

function textOf({ data = {}, binaryData = {} }: SettingsSource = {}): string {
  const [binary] = Object.keys(binaryData);
  if (binary !== undefined) {
    const fault = `${binary} is in binaryData, as its text is not UTF-8; save the file as UTF-8`;
    throw new HAError('HA_ERR_SETTINGS_INVALID', fault);
  }
  const unknown = Object.keys(data).filter((key) => key !== settingsKey);
  if (unknown.length > 0) {
    const faults = unknown.map(
      (key) => `${key}: there is no such key; the only one is ${settingsKey}`,
    );
    throw new HAError('HA_ERR_SETTINGS_INVALID', faults.join('; '));
  }
  return data[settingsKey] ?? '';
}

/** @throws HAError HA_ERR_SETTINGS_INVALID with the path and the fault of each wrong field. */
export function parseSettings(text: string): OperatorSettings {
  const result = settingsSchema.safeParse(fromYaml(text));
  if (result.success) return result.data;
  throw invalid(result.error);
}

function invalid(error: z.ZodError): HAError {
  const faults = error.issues.flatMap(faultsOf).join('; ');
  return new HAError('HA_ERR_SETTINGS_INVALID', faults, { cause: error });
}

/**
 * The namespaces that the operator is to work on; undefined: all. Also from settings that are wrong elsewhere, as the operator must not
 * wait for their correction to work at all. A field that is misspelt may have been meant as this one.
 *
 * @throws HAError HA_ERR_SETTINGS_INVALID if they cannot be known.
 */
export function namespacesOf(source: SettingsSource | undefined): string[] | undefined {
  const text = textOf(source);
  const result = settingsSchema.safeParse(fromYaml(text));
  if (result.success) return result.data.namespaces;
  const isUnknown = result.error.issues.some(
    ({ path: [field] }) => field === undefined || field === 'namespaces',
  );
  if (isUnknown) throw invalid(result.error);
  return settingsSchema.pick({ namespaces: true }).strip().parse(fromYaml(text)).namespaces;
}

/** An empty text, or one of comments alone, is an empty mapping. */
function fromYaml(text: string): unknown {
  let documents: unknown[];
  try {
    documents = loadAll(text);
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const line = error.mark === undefined ? '' : ` in line ${error.mark.line + 1}`;
    const fault = `${settingsKey} is not YAML${line}: ${error.reason}`;
    throw new HAError('HA_ERR_SETTINGS_INVALID', fault, { cause: error });
  }
  if (documents.length > 1) {
    const fault = `${settingsKey} has ${documents.length} YAML documents; write one`;
    throw new HAError('HA_ERR_SETTINGS_INVALID', fault);
  }
  return documents[0] ?? {};
}

function faultsOf(issue: z.core.$ZodIssue): string[] {
  const pathTo = (...more: string[]) => [...issue.path.map(String), ...more].join('.');
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map(
      (key) => `${pathTo(key)}: there is no such field; the fields are ${fieldNames}`,
    );
  }
  return [`${pathTo() || settingsKey} ${issue.message}`];
}

const fieldNames = [
  ...Object.keys(defaultSettings.chaos).map((name) => `chaos.${name}`),
  'namespaces',
].join(', ');
