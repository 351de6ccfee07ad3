/*
 * What the schema says of a field besides its description, for docs/fields.md: when a change takes effect, and an example. It is not
 * put into the CRD, which has no place for it.
 */

/** When a change of a field takes effect, in a clause for a person. */
export const effects = {
  AtOnce: 'at once; no member is restarted',
  RollingUpdate: 'by a rolling update: the members are replaced one by one, the primary last',
  NewMembers: 'for members that are made from then on; no member is restarted',
} as const;

export interface Change {
  effect: keyof typeof effects;
  /** What is different in a special case. */
  note?: string;
  /** Which changes the API server refuses. */
  refused?: string;
}

/** A field without a change of its own has that of the field around it. */
export interface FieldNotes {
  change?: Change;
  example?: unknown;
}

/** The key of the notes in the schema. */
export const fieldNotesKey = 'x-haservice-field';

/** For a field that contains others. */
export const takesEffect = (change: Change) => ({
  [fieldNotesKey]: { change } satisfies FieldNotes,
});

/** For a field that contains no other. */
export const example = (value: unknown, change?: Change) => ({
  [fieldNotesKey]: { example: value, ...(change && { change }) } satisfies FieldNotes,
});
