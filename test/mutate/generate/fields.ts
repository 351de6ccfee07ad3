import * as z from 'zod';
import { specSchema } from '../../../src/api/spec.ts';

/** A part of the schema of the spec, as JSON Schema. */
export interface Schema {
  type?: string;
  enum?: unknown[];
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  pattern?: string;
  minItems?: number;
  maxItems?: number;
  required?: string[];
  properties?: Record<string, Schema>;
  /** With properties: fields that the schema does not name are kept. Without: the schema of the values of a map. */
  additionalProperties?: Schema;
  items?: Schema;
  anyOf?: Schema[];
}

export interface Field {
  /** For example `spec.ports[].name`; `{}` is the value of a map. */
  path: string;
  schema: Schema;
  /** Whether the field must be there if the object that it is in is there. */
  isRequired: boolean;
}

/** Every field of the spec, each object before what is in it, as src/api describes it. */
export function specFields(): Field[] {
  const schema = z.toJSONSchema(specSchema, { io: 'input', target: 'openapi-3.0' }) as Schema;
  return below({ path: 'spec', schema, isRequired: true });
}

function below(field: Field): Field[] {
  const { path, schema } = field;
  const { properties = {}, items, additionalProperties: values, required = [] } = schema;
  const inside = Object.entries(properties).map(([name, child]) => ({
    path: `${path}.${name}`,
    schema: child,
    isRequired: required.includes(name),
  }));
  if (items !== undefined) inside.push({ path: `${path}[]`, schema: items, isRequired: false });
  if (isMap(schema) && values !== undefined) {
    inside.push({ path: `${path}{}`, schema: values, isRequired: false });
  }
  return [field, ...inside.flatMap(below)];
}

/** An object whose keys are the user's. */
export const isMap = ({ properties, additionalProperties }: Schema): boolean =>
  properties === undefined && additionalProperties !== undefined;

/** An object that keeps fields which the schema does not name. */
export const isOpen = (schema: Schema): boolean =>
  schema.properties !== undefined && schema.additionalProperties !== undefined;

/** The fields of a list such as `spec.ports,spec.heartbeat.timeout`: a name stands for all that is in it, too. @throws Error that names an unknown one. */
export function chosenFields(all: readonly Field[], names: readonly string[]): Field[] {
  const isIn = (path: string, name: string) =>
    path === name || ['.', '[', '{'].some((next) => path.startsWith(name + next));
  const unknown = names.find((name) => !all.some(({ path }) => isIn(path, name)));
  if (unknown !== undefined) {
    throw new Error(
      `there is no field ${unknown}: write it as kubectl explain does, with spec. before it, such as spec.heartbeat.timeout or spec.ports[].name`,
    );
  }
  return all.filter(({ path }) => names.some((name) => isIn(path, name)));
}
