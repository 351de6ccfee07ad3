import type { Spec } from '../../api/spec.ts';
import { contactOf } from '../model/contact.ts';
import type { Degradation } from '../model/fault.ts';
import { answersWrongly, isLive, whyNotHealthy } from '../model/member.ts';
import type { Member, Observed, Resource } from '../model/observed.ts';
import { isActive } from '../model/topology.ts';
import { cut } from './write-failures.ts';

/** The field that says what a member is asked, with its value; undefined: its program, or the agent, reports by itself. */
function askedBy(spec: Spec, member: Member): string | undefined {
  const { transport, health } = contactOf(spec, member);
  if (transport !== undefined) return undefined;
  const { type, http, grpc, tcp } = health;
  const fields: Partial<Record<typeof type, [string, string | undefined]>> = {
    HTTP: ['http.path', http?.path ?? '/'],
    GRPC: ['grpc.service', grpc?.service ?? ''],
    TCP: ['tcp.expect', tcp?.expect],
  };
  const [field, value] = fields[type] ?? [];
  return value === undefined ? undefined : `engine.${field}: ${JSON.stringify(value)}`;
}

/** Why it is not healthy, and what it is asked if it answers wrongly. */
export function whyWrong({ spec }: Resource, member: Member): string {
  const asked = member.health?.cause === 'BadAnswer' ? askedBy(spec, member) : undefined;
  return `${cut(whyNotHealthy(member))}${asked === undefined ? '' : `, asked by ${asked}`}`;
}

/** One wrong edit, such as of the path of the check, makes every member answer wrongly. */
export function everyMemberUnhealthy(
  resource: Resource,
  { members }: Pick<Observed, 'members'>,
): Degradation[] {
  const [first, second, ...others] = members.filter(isLive);
  if (first === undefined || second === undefined) return [];
  if (![first, second, ...others].every(answersWrongly)) return [];
  const every = 'every member answers its heartbeats wrongly';
  const why = whyWrong(resource, first);
  const isWithout = !isActive(resource) && resource.status.primaryUID === undefined;
  const message = isWithout
    ? `${every}, so that none becomes primary and Service ${resource.name} leads nowhere: ${why}; correct ${askedBy(resource.spec, first) ?? 'spec.engine'}, or the program`
    : `${every}, and the Services still lead to those that are ready: ${why}; if spec.engine was changed last, check it`;
  return [{ reason: 'EveryMemberUnhealthy', message }];
}
