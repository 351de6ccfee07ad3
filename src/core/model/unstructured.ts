/** A part of the user's template that no schema of ours describes. */
export type Unstructured = Record<string, unknown>;

export const asList = (value: unknown): Unstructured[] =>
  Array.isArray(value) ? (value as Unstructured[]) : [];

export const asUnstructured = (value: unknown): Unstructured =>
  value !== null && typeof value === 'object' ? (value as Unstructured) : {};
