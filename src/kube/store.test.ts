import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type Change, Store } from './store.ts';
import type { KubeObject } from './api-types.ts';

const object = (
  name: string,
  uid: string,
  resourceVersion: number,
  labels: Record<string, string> = {},
): KubeObject => ({
  metadata: { namespace: 'ns', name, uid, resourceVersion: String(resourceVersion), labels },
});

const byTeam = (o: KubeObject) => {
  const team = o.metadata?.labels?.['team'];
  return team === undefined ? [] : [team];
};

const versionIn = (store: Store<KubeObject>, name: string) =>
  store.get('ns', name)?.metadata?.resourceVersion;

describe('Store', () => {
  test('an event from before an own write does not restore the old state', () => {
    const store = new Store();
    store.put(object('a', 'u1', 5));
    store.observeWrite(object('a', 'u1', 9));
    store.put(object('a', 'u1', 7));
    expect(versionIn(store, 'a')).toBe('9');
  });

  test('a change of the status alone keeps the very spec, a changed spec does not', () => {
    const of = (resourceVersion: number, generation: number, replicas: number) => {
      const { metadata } = object('a', 'u1', resourceVersion);
      return { metadata: { ...metadata, generation }, spec: { replicas } };
    };
    const store = new Store<ReturnType<typeof of>>({ sharesSpec: true });
    store.put(of(5, 1, 3));
    const first = store.get('ns', 'a')?.spec;
    store.put(of(6, 1, 3));
    expect(store.get('ns', 'a')?.spec).toBe(first);
    expect(store.get('ns', 'a')?.metadata.resourceVersion).toBe('6');
    // After a restored backup another spec may have the same generation.
    store.put(of(7, 1, 4));
    expect(store.get('ns', 'a')?.spec).toEqual({ replicas: 4 });
  });

  test('is complete from its first list on, until the API server refuses the objects', () => {
    const store = new Store();
    const told: boolean[] = [];
    store.completeness.onChange(() => told.push(store.isComplete));
    store.put(object('a', 'u1', 5));
    expect(store.isComplete).toBe(false);
    expect(store.completeness.why).toBe('NotListed');
    store.replace([object('a', 'u1', 5)], '6');
    store.replace([object('a', 'u1', 5)], '7');
    store.setRefused();
    expect(versionIn(store, 'a')).toBe('5');
    expect(told).toEqual([true, false]);
    expect(store.completeness.why).toBe('Refused');
  });

  test('after a restored backup, the list of one namespace leaves the versions of the others', () => {
    const store = new Store();
    const other = { metadata: { namespace: 'bank', name: 'b', uid: 'u2', resourceVersion: '6' } };
    store.put(object('a', 'u1', 90));
    store.put(other);
    store.forget('ns');
    expect(versionIn(store, 'a')).toBeUndefined();
    store.replace([object('a', 'u1', 5)], '7', 'ns');
    expect(versionIn(store, 'a')).toBe('5');
    expect(store.get('bank', 'b')).toEqual(other);
  });

  test('a list of one namespace says nothing of the others', () => {
    const store = new Store();
    store.completeness.expect(['ns', 'other']);
    store.replace([object('a', 'u1', 5)], '6', 'ns');
    expect([store.isComplete, store.completeness.hasListed('ns')]).toEqual([false, true]);
    store.setRefused('other');
    expect(store.completeness.whyOf('other')).toBe('Refused');
    expect(store.completeness.whyOf('ns')).toBeUndefined();
    expect(store.completeness.hasListed('other')).toBe(false);
    store.replace([], '7', 'other');
    expect(store.isComplete).toBe(true);
    expect(versionIn(store, 'a')).toBe('5');
    store.setRefused('other');
    expect(store.completeness.hasListed('other')).toBe(true);
    store.replace([], '8', 'ns');
    expect(versionIn(store, 'a')).toBeUndefined();
  });

  test('versions are compared as numbers, even beyond the precision of a double', () => {
    const store = new Store();
    store.put({ metadata: { name: 'a', uid: 'u1', resourceVersion: '9007199254740993' } });
    store.put({ metadata: { name: 'a', uid: 'u1', resourceVersion: '9007199254740992' } });
    store.put({ metadata: { name: 'a', uid: 'u1', resourceVersion: '999' } });
    expect(store.get(undefined, 'a')?.metadata?.resourceVersion).toBe('9007199254740993');
  });

  test('the repetition of an own write by the watch is no change', () => {
    const store = new Store();
    const changes: string[] = [];
    store.onChange(({ type }) => changes.push(type));
    store.observeWrite(object('a', 'u1', 5));
    store.put(object('a', 'u1', 5));
    expect(changes).toEqual(['added']);
  });

  test('a deleted object stays deleted, despite late events and lists; a new one of the same name does not', () => {
    const store = new Store();
    store.put(object('a', 'u1', 5));
    store.observeDelete({ namespace: 'ns', name: 'a' }, 'u1');
    store.put(object('a', 'u1', 6));
    store.replace([object('a', 'u1', 6)], '6');
    expect(store.list()).toEqual([]);
    store.put(object('a', 'u2', 8));
    store.remove(object('a', 'u1', 7));
    expect(versionIn(store, 'a')).toBe('8');
  });

  test('an answer that comes after the watch has reported the deletion does not restore the object', () => {
    const store = new Store();
    store.put(object('a', 'u1', 5));
    store.remove(object('a', 'u1', 9));
    store.observeWrite(object('a', 'u1', 7));
    expect(store.list()).toEqual([]);
  });

  test('an object that left the selector returns when it is labelled again', () => {
    const store = new Store();
    store.put(object('a', 'u1', 5));
    // A watch with a label selector reports a lost label as DELETED, with the version of that change.
    store.remove(object('a', 'u1', 6));
    expect(store.list()).toEqual([]);
    store.put(object('a', 'u1', 8));
    expect(versionIn(store, 'a')).toBe('8');
  });

  test('an object that left the selector can be stored as a read has found it', () => {
    const store = new Store();
    store.put(object('a', 'u1', 5));
    store.remove(object('a', 'u1', 6));
    store.observeWrite(object('a', 'u1', 6));
    expect(versionIn(store, 'a')).toBe('6');
  });

  test('a late event that it left the selector does not undo the new label', () => {
    const store = new Store();
    store.put(object('a', 'u1', 5));
    store.observeWrite(object('a', 'u1', 8));
    store.remove(object('a', 'u1', 6));
    expect(versionIn(store, 'a')).toBe('8');
  });

  test('a new list removes deleted objects, but not those created after it', () => {
    const store = new Store();
    store.put(object('gone', 'u1', 3));
    store.observeWrite(object('made', 'u2', 12));
    store.put(object('stays', 'u3', 4));
    store.replace([object('stays', 'u3', 10)], '10');
    expect(versionIn(store, 'gone')).toBeUndefined();
    expect(versionIn(store, 'made')).toBe('12');
    expect(versionIn(store, 'stays')).toBe('10');
  });

  test('an object recreated under the same name between two lists is a deletion and an addition', () => {
    const store = new Store();
    store.put(object('a', 'u1', 3));
    const changes: string[] = [];
    store.onChange(({ type, object: { metadata } }) => changes.push(`${type} ${metadata?.uid}`));
    store.replace([object('a', 'u2', 9)], '10');
    expect(changes).toEqual(['deleted u1', 'added u2']);
  });

  test('indexes follow changes and deletions', () => {
    const store = new Store({ indexers: { team: byTeam } });
    store.put(object('a', 'u1', 1, { team: 'red' }));
    store.put(object('b', 'u2', 2, { team: 'red' }));
    store.put(object('a', 'u1', 3, { team: 'blue' }));
    const names = (team: string) => store.byIndex('team', team).map((o) => o.metadata?.name);
    expect([names('red'), names('blue')]).toEqual([['b'], ['a']]);
    store.remove(object('b', 'u2', 4));
    expect(names('red')).toEqual([]);
  });

  test('fields that the operator does not read are removed, however the object comes in', () => {
    const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';
    const fat = (name: string): KubeObject => ({
      metadata: {
        name,
        uid: name,
        resourceVersion: '1',
        managedFields: [{ manager: 'x' }],
        annotations: { [lastApplied]: '{}', kept: 'yes' },
      },
    });
    const store = new Store();
    store.put(fat('watched'));
    store.observeWrite(fat('written'));
    store.replace([...store.list(), fat('listed')], '1');
    for (const name of ['watched', 'written', 'listed']) {
      const { managedFields, annotations } = store.get(undefined, name)?.metadata ?? {};
      expect([managedFields, annotations]).toEqual([undefined, { kept: 'yes' }]);
    }
  });

  test('a removed listener is not called', () => {
    const store = new Store();
    const heard: Change<KubeObject>[] = [];
    const off = store.onChange((change) => heard.push(change));
    off();
    store.put(object('a', 'u1', 1));
    expect(heard).toEqual([]);
  });

  /**
   * A model of the API server: one history of versions, a watch that is behind by any number of events, lists at any time, and
   * writes of the operator whose answers are stored at once.
   */
  test('property: never behind own writes, and equal to the API server once all events are applied', () => {
    const step = fc.record({
      act: fc.constantFrom('write', 'delete', 'ownWrite', 'ownDelete', 'strip', 'hear', 'relist'),
      name: fc.constantFrom('a', 'b', 'c'),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const store = new Store();
        const server = new Map<string, { uid: string; version: number; matches: boolean }>();
        const pending: { type: 'PUT' | 'DELETED'; object: KubeObject }[] = [];
        const ownLast = new Map<string, { version: number; uid: string; gone: boolean }>();
        let version = 0;
        let uids = 0;
        const write = (name: string): KubeObject => {
          const uid = server.get(name)?.uid ?? `u${++uids}`;
          server.set(name, { uid, version: ++version, matches: true });
          const written = object(name, uid, version);
          pending.push({ type: 'PUT', object: written });
          return written;
        };
        const remove = (name: string) => {
          const there = server.get(name);
          if (there === undefined) return;
          server.delete(name);
          version += 1;
          if (there.matches) {
            pending.push({ type: 'DELETED', object: object(name, there.uid, version) });
          }
          return there.uid;
        };
        const hear = () => {
          const event = pending.shift();
          if (event?.type === 'PUT') store.put(event.object);
          else if (event !== undefined) store.remove(event.object);
        };
        const check = () => {
          for (const [name, own] of ownLast) {
            const seen = store.get('ns', name)?.metadata;
            if (own.gone) expect(seen?.uid).not.toBe(own.uid);
            else if (seen?.uid === own.uid) {
              expect(Number(seen.resourceVersion)).toBeGreaterThanOrEqual(own.version);
            }
          }
        };
        for (const { act, name } of steps) {
          if (act === 'write') write(name);
          else if (act === 'delete') remove(name);
          else if (act === 'ownWrite') {
            const written = write(name);
            store.observeWrite(written);
            const { uid = '' } = written.metadata ?? {};
            ownLast.set(name, { version, uid, gone: false });
            expect(versionIn(store, name)).toBe(String(version));
          } else if (act === 'ownDelete') {
            const uid = remove(name);
            if (uid !== undefined) {
              store.observeDelete({ namespace: 'ns', name }, uid);
              ownLast.set(name, { version, uid, gone: true });
            }
          } else if (act === 'strip') {
            const there = server.get(name);
            if (there?.matches === true) {
              server.set(name, { ...there, version: ++version, matches: false });
              pending.push({ type: 'DELETED', object: object(name, there.uid, version) });
            }
          } else if (act === 'hear') hear();
          else {
            pending.length = 0;
            const listed = [...server].filter(([, { matches }]) => matches);
            store.replace(
              listed.map(([each, { uid, version: at }]) => object(each, uid, at)),
              String(version),
            );
          }
          check();
        }
        while (pending.length > 0) hear();
        const seen = store
          .list()
          .map(({ metadata }) => [metadata?.name, metadata?.resourceVersion]);
        const there = [...server]
          .filter(([, { matches }]) => matches)
          .map(([name, { version: at }]) => [name, String(at)]);
        expect(seen.sort()).toEqual(there.sort());
      }),
      { numRuns: 500 },
    );
  });
});
