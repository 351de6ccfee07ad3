export type System = 'haservice' | 'kubernetes';

export const systemNames: Record<System, string> = {
  haservice: 'HAService',
  kubernetes: 'Kubernetes',
};
