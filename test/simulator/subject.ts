import { t0 } from './time.ts';

/** All of the resource that does not change. */
export const subject = {
  name: 'web',
  namespace: 'shop',
  uid: 'uid-web',
  createdAtMs: t0 - 3_600_000,
  deleting: false,
  agentImage: 'operator',
};
