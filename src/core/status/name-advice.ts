import type { NamedObject } from '../model/found-objects.ts';

/** What to do about a name that another object has. What a controller has made is not to be deleted: it comes back, or a service that works loses it. */
export function nameAdvice(
  { owner, controller }: Pick<NamedObject, 'owner' | 'controller'>,
  what: string,
): string {
  if (controller === 'NewerHAService') return `rename ${owner}, which is newer`;
  const rename = 'rename this HAService';
  return controller === undefined ? `${rename}, or delete that ${what}` : rename;
}
