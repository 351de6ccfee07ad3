import type { OutgoingRoleCommand } from '../../src/controller/act/send-role-command.ts';
import type { ApiRequest } from '../../src/kube/api-request.ts';
import type { KubeObject } from '../../src/kube/api-types.ts';

/** Whether others can see what a request does. */
export const isWrite = (request: ApiRequest): boolean =>
  !['ping', 'reset', 'get'].includes(request.verb) &&
  !(request.verb === 'create' && request.dryRun !== undefined);

/** Verb, kind and name. */
export function describeRequest(request: ApiRequest): string {
  if (!('type' in request)) return request.verb;
  const name = 'ref' in request ? request.ref.name : request.object.metadata?.name;
  return `${request.verb} ${request.type.plural}/${name}`;
}

export const describeCommand = (call: OutgoingRoleCommand): string =>
  'hook' in call
    ? `hook ${call.call.action} of ${call.call.member}`
    : `order ${call.kind} to ${call.order.member}`;

/** A mutant: the request is done whatever the object has become meanwhile. */
export function withoutGuards(request: ApiRequest): ApiRequest {
  switch (request.verb) {
    case 'apply':
    case 'replaceStatus':
      return { ...request, object: withoutVersion(request.object) };
    case 'mergePatch':
      return { ...request, patch: withoutVersion(request.patch) };
    case 'delete': {
      const { uid: _uid, ...rest } = request;
      return rest;
    }
    default:
      return request;
  }
}

function withoutVersion({ metadata, ...rest }: KubeObject): KubeObject {
  const { resourceVersion: _version, uid: _uid, ...others } = metadata ?? {};
  return { ...rest, metadata: others };
}
