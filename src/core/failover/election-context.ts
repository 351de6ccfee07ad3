import { speaksProtocol } from '../model/capabilities.ts';
import { takesNoOrders } from '../model/contact.ts';
import { whyNeverPrimary } from '../model/never-primary.ts';
import { isPreferred } from '../model/preferred-primary.ts';
import type { Observed, Resource } from '../model/observed.ts';
import { isOutdated } from '../resources/pod.ts';
import type { ElectionContext } from './election.ts';
import { acceptsOld } from './half-copies.ts';

/** What an election of this service depends on besides its members. */
export function electionContextOf(resource: Resource, observed: Observed): ElectionContext {
  const { spec, status } = resource;
  return {
    operatorZone: observed.operatorZone,
    isOutdated: (member) => isOutdated(resource, member),
    epoch: status.epoch,
    roleCommands: observed.roleCommands,
    ...(speaksProtocol(spec) ? { byPosition: spec.failover.consistency } : {}),
    acceptsOld: acceptsOld(resource, observed),
    takesNoOrders: (member) => takesNoOrders(spec, member),
    wanted: status.fencing?.wanted,
    isPreferred: (member) => isPreferred(resource, member),
    whyNever: (member) => whyNeverPrimary(resource, member),
    incumbent: status.primary,
  };
}
