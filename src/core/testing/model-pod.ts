import { templateHashAnnotation, templateMeaningAnnotation } from '../../api/labels.ts';
import type { Health, Member } from '../model/observed.ts';
import { healthy } from './fixtures.ts';

export type Process = 'starting' | 'up' | 'crashed' | 'frozen' | 'unhealthy';

/** A pod of the model, and the process in it. */
export interface ModelPod extends Member {
  process: Process;
  /** When the process last changed, and how often it has come back from the dead. */
  changedAtMs: number;
  generation: number;
  zone: string;
}

const base = ({ generation, changedAtMs }: ModelPod) => ({ generation, sinceWallMs: changedAtMs });

/** What a process of the operator says that has not heard it yet. */
export const unjudged = (pod: ModelPod, sinceWallMs: number): Health =>
  healthy({ ...base(pod), verdict: 'Unknown', sinceWallMs });

/** What a pod with these annotations was made from. */
export const templateOf = (annotations: Record<string, string>) => ({
  templateHash: annotations[templateHashAnnotation] ?? '',
  templateMeaning: annotations[templateMeaningAnnotation] ?? '',
});

/** What is heard of it. */
export function healthOf(pod: ModelPod, isLost: boolean): Health {
  if (isLost || pod.process === 'frozen') {
    return healthy({ ...base(pod), verdict: 'Dead', cause: 'Silent', message: 'is silent' });
  }
  switch (pod.process) {
    case 'starting':
      return healthy({ ...base(pod), verdict: 'Unknown' });
    case 'crashed':
      return healthy({ ...base(pod), verdict: 'Dead', cause: 'Refused', message: 'refuses' });
    case 'unhealthy':
      return healthy({
        ...base(pod),
        verdict: 'Unhealthy',
        cause: 'BadAnswer',
        message: 'is unhealthy',
      });
    case 'up':
      return healthy(base(pod));
  }
}

/** The zone for a pod that may go anywhere: always the first, or the emptiest. */
export function schedule(how: 'first' | 'spread', able: string[], pods: ModelPod[]): string {
  const load = (zone: string) => pods.filter((pod) => pod.zone === zone).length;
  const [first = 'a'] = how === 'first' ? able : able.toSorted((a, b) => load(a) - load(b));
  return first;
}
