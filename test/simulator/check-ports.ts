import type { EndpointSlice } from '../../src/kube/api-types.ts';
import type { Checker } from './checker.ts';
import type { Container } from './kubelet.ts';

/** A member is served where its process listens, from its beginning to its end, whatever the spec says meanwhile. */
export function checkPorts(
  { find, checker }: { find: (uid: string) => Container | undefined; checker: Checker },
  { metadata, endpoints, ports }: EndpointSlice,
): void {
  for (const { targetRef } of endpoints ?? []) {
    const container = find(targetRef?.uid ?? '');
    const port = ports?.[0]?.port;
    if (container === undefined || port === container.port) continue;
    checker.fail(
      `slice ${metadata?.name} leads to ${container.uid} on port ${port}, which listens on ${container.port}`,
    );
  }
}
