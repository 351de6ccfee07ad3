import type { Resource } from './observed.ts';

/** Every healthy member takes traffic, and there is no primary. */
export const isActive = ({ spec }: Pick<Resource, 'spec'>) => spec.topology === 'ActiveActive';
