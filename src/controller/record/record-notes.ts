import { type HAService, apiVersion, kind } from '../../api/haservice.ts';
import type { EventNote } from '../../core/model/event-note.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';

/** Records Events about a resource, each with the pod that it is related to, if there is one. */
export function recordNotes(
  events: Pick<EventRecorder, 'record'>,
  object: HAService,
  notes: EventNote[],
): void {
  const { name, namespace, uid } = object.metadata;
  for (const { type, reason, action, note, pod } of notes) {
    events.record(
      { apiVersion, kind, name, namespace, uid },
      {
        type,
        reason,
        action,
        note,
        ...(pod === undefined
          ? {}
          : { related: { apiVersion: 'v1', kind: 'Pod', name: pod, namespace } }),
      },
    );
  }
}
