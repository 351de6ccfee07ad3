import { createHmac } from 'node:crypto';

/**
 * The password of the user by which the members of a service replicate. It is derived from the password of the service, so that there
 * is no further Secret, and whoever learns it does not learn the password of the service by it.
 */
export const derivedPassword = (
  user: string,
  service: string,
  password: string | undefined,
): string =>
  createHmac('sha256', password ?? '')
    .update(`${user} of ${service}`)
    .digest('hex');
