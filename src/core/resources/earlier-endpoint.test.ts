import { describe, expect, it } from 'vitest';
import { decide } from '../decide.ts';
import type { Member, Observed } from '../model/observed.ts';
import { serviceNames } from '../model/naming.ts';
import { dead, healthy, makeMember, makeObserved, makeResource, t0 } from '../testing/fixtures.ts';
import { led, leading } from '../testing/led.ts';

const eventual = makeResource({
  topology: 'LeaderFollower',
  engine: { type: 'Redis' },
  failover: { consistency: 'Eventual' },
});
const active = makeResource({ topology: 'ActiveActive' });

const without = ({ health: _unknown, ...orphan }: Member): Member => orphan;
const foreign = (...orphans: Member[]) =>
  orphans.map(({ name, uid }) => ({
    ...{ name, orphanUid: uid, owner: 'somebody else', isAwaitingGarbageCollection: false },
  }));

/** The names behind each Service, as the decision wants them. */
function behind(resource: typeof active, members: Member[], more: Partial<Observed>) {
  const { actions } = decide(resource, makeObserved(members, more), t0);
  const names = (service: string) =>
    actions.flatMap((action) => {
      if (action.type !== 'Repoint' && action.type !== 'EnsureOwnedObject') return [];
      const { kind, metadata } = action.manifest;
      const isIt = metadata.labels?.['kubernetes.io/service-name'] === service;
      if (kind !== 'EndpointSlice' || !isIt) return [];
      const { endpoints } = action.manifest as unknown as {
        endpoints: { targetRef: { name: string } }[];
      };
      return [endpoints.map(({ targetRef }) => targetRef.name).join(' ')];
    });
  const { write, read, all } = serviceNames(resource.name);
  return { write: names(write), read: names(read), all: names(all) };
}

describe('a pod behind a Service that cannot be taken over', () => {
  const orphan = without(makeMember(active, 0));
  const rest = [1, 2].map((ordinal) => makeMember(active, ordinal));
  const [first, second] = rest as [Member, Member];
  const left = (resource: typeof active, those: Member[], write: Member[] = those) => ({
    foreignPods: foreign(...those),
    served: [...those, ...rest].map(({ uid }) => uid),
    servedOrphans: { write, read: those, all: those, members: those },
    writeEndpoints: (resource === active ? [...those, ...rest] : write).map(({ uid }) => uid),
  });

  it('keeps its own endpoint, and no endpoint of a member that died: ActiveActive', () => {
    const members = [{ ...first, health: dead('Refused') }, second];
    const one = ['web-0 web-2'];
    expect(behind(active, members, left(active, [orphan]))).toEqual({
      ...{ write: one, read: one, all: one },
    });
    // It is a member by the status already.
    const known = [makeMember(active, 0), ...members];
    const { servedOrphans: _none, ...seen } = left(active, [orphan]);
    expect(behind(active, known, seen).write).toEqual(one);
  });

  it('leaves when the kubelet says that it is not ready', () => {
    const seen = left(active, [{ ...orphan, ready: false }]);
    expect(behind(active, rest, seen).all).toEqual(['web-1 web-2']);
  });

  it('does not keep a leader behind the write Service if another one leads in a later epoch', () => {
    const other = without(makeMember(eventual, 2));
    const older = led(eventual, 0, leading());
    const newer = (epoch: number) => led(eventual, 1, leading({ epoch, ledEpoch: epoch }));
    const seen = { ...left(eventual, [other], []), writeEndpoints: [older.uid] };
    expect(behind(eventual, [older, newer(7)], seen).write).toEqual(['']);
    const standby = led(eventual, 1, {});
    const { write, all } = behind(eventual, [older, standby], seen);
    expect([write, all]).toEqual([['web-0'], ['web-0 web-1 web-2']]);
  });

  it('serves on as the leader, until another member says that it leads', () => {
    const leader = without(makeMember(eventual, 0));
    const seen = left(eventual, [leader]);
    const standbys = [led(eventual, 1, {}), led(eventual, 2, {})];
    expect(behind(eventual, standbys, seen).write).toEqual(['web-0']);
    const rivals = [led(eventual, 1, leading()), led(eventual, 2, {})];
    expect(behind(eventual, rivals, seen).write).toEqual(['']);
    const unheard = makeMember(eventual, 0, { health: healthy({ verdict: 'Unknown' }) });
    expect(behind(eventual, [unheard, ...rivals], seen).write).toEqual(['']);
  });
});
