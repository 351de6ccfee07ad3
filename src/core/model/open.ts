/** A part of the user's template that no schema of ours describes. */
export type Open = Record<string, unknown>;

export const list = (value: unknown): Open[] => (Array.isArray(value) ? (value as Open[]) : []);

export const open = (value: unknown): Open =>
  value !== null && typeof value === 'object' ? (value as Open) : {};
