import type { Explanation } from './errors.ts';

/** Reasons of Events about what a user asks for by an annotation. */
export const requestEvents = {
  RestartRequested: {
    meaning:
      'by the annotation `haservice.dev/restart`: each member whose pod was made before that time is replaced, one after the other, the primary last',
    whatToDo: 'nothing; `Progressing` says how many are left',
  },
  RestartRefused: {
    meaning:
      'the annotation `haservice.dev/restart` is no time stamp, in the future, or too old: nothing is restarted',
    whatToDo: 'annotate again with `haservice.dev/restart="$(date -Is)"`',
  },
  SwitchoverRefused: {
    meaning:
      'the annotation `haservice.dev/switchover` asks for a change of the primary that is not possible now, or not as it is written; the note says why, and the primary stays',
    whatToDo:
      'do what the note says, and annotate again with `haservice.dev/switchover="$(date -Is)"`, or `"$(date -Is) NAME"` with the name of a member or a zone',
  },
} as const satisfies Record<string, Explanation>;
