import { type HAService, apiVersion, kind } from '../../api/haservice.ts';
import type { ResourceType } from '../../kube/resources.ts';

export const haServices: ResourceType<HAService> = {
  apiVersion,
  kind,
  plural: 'haservices',
  namespaced: true,
};
