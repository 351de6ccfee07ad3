import { applyCrd } from '../../api/advice.ts';
import { type HAService, apiVersion, kind } from '../../api/haservice.ts';
import type { ResourceType } from '../../kube/resources.ts';

export const haServices: ResourceType<HAService> = {
  apiVersion,
  kind,
  plural: 'haservices',
  namespaced: true,
  ifUnknown: applyCrd,
};
