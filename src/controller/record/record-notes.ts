import { type HAService, apiVersion, kind } from '../../api/haservice.ts';
import type { EventNote } from '../../core/model/observed.ts';
import type { EventRecorder } from '../../kube/event-recorder.ts';

/** Tells Events about a resource, and the pod where it is about one. */
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
