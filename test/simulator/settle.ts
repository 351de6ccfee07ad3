import type { Status } from '../../src/api/status.ts';
import type { Agent } from './agent.ts';
import { type Address, Following } from './following.ts';
import { Leadership } from './leadership.ts';
import { historyOf, newData } from './volume.ts';

/** The log that all members hold at the beginning; lines that begin later have higher numbers. */
const settledLine = 0;

/** It has led or followed for long, as the status says. `leaderAt`: the primary's address. */
export function settle(agent: Agent, status: Status, leaderAt: Address): void {
  const { epoch = 1, primary, primaryUID, termStart } = status;
  const { volume, behaviour, pod } = agent;
  agent.started();
  volume.epoch = epoch;
  volume.leader = primary;
  if (behaviour.replicates) {
    const log = [{ id: -1, term: epoch }];
    volume.data = { ...newData('settled', epoch), line: settledLine, log };
  }
  if (pod.agentPort === undefined) {
    if (pod.uid === primaryUID) agent.world.promoted(agent);
    return;
  }
  if (pod.uid === primaryUID) {
    volume.ledEpoch = epoch;
    const data = (volume.data ??= newData('', epoch));
    agent.leadership = new Leadership(epoch, data, status.syncSets?.[0], behaviour);
    if (behaviour.lease) agent.lease.begin(`${agent.lease.issue()} 10000`);
    agent.world.promoted(agent);
    return;
  }
  const leader = { member: primary ?? '', ...leaderAt };
  const order = { member: pod.name, epoch, reason: '', leader };
  const start = termStart === undefined ? {} : { start: termStart };
  const log = behaviour.withoutHistory === true ? {} : { history: historyOf(settledLine) };
  agent.following = new Following(agent, { ...order, ...start, ...log });
  agent.following.linked = true;
}
