import type { ApiServer } from './api-server.ts';
import type { Checker } from './checker.ts';
import { zoneLabel } from './nodes.ts';

/** An operator may die before it has noted the verdict, more than once. */
const mostTries = 3;

/** A pod that is made for one zone, and that the scheduler refuses, is not made again and again if nothing has changed. */
export function watchMoves(api: ApiServer, checker: Checker): void {
  const refused = new Map<string, Set<string>>();
  api.watchers.add(({ kind, object: { metadata, ...object }, isGone }) => {
    if (kind === 'nodes') refused.clear();
    if (kind !== 'pods' || isGone) return;
    const { spec } = object as { spec?: { nodeName?: string; nodeSelector?: object } };
    const zone = (spec?.nodeSelector as Record<string, string> | undefined)?.[zoneLabel];
    if (zone === undefined || spec?.nodeName !== undefined) return;
    const { uid, generation } = api.service.metadata;
    const key = `${uid} ${generation} ${zone}`;
    const pods = (refused.get(key) ?? new Set()).add(metadata?.uid ?? '');
    refused.set(key, pods);
    if (pods.size > mostTries)
      checker.fail(
        `${metadata?.name} is made again for zone ${zone}, which has refused ${mostTries}`,
      );
  });
}
