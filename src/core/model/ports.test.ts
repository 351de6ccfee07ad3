import { describe, expect, it } from 'vitest';
import { makeResource } from '../testing/fixtures.ts';
import { contractOf } from './contact.ts';
import { hasOtherPorts, memberPorts, memberProbePort } from './ports.ts';

const specOf = (ports: object[], engine: object = {}, containerPorts: object[] = []) =>
  makeResource({
    ports,
    engine: { type: 'TCP', ...engine },
    template: { spec: { containers: [{ name: 'main', image: 'x', ports: containerPorts }] } },
  }).spec;

/** The target ports of a pod that was made from one spec, under another one. */
const targets = (before: ReturnType<typeof specOf>, now: ReturnType<typeof specOf>) =>
  memberPorts(now, { contract: contractOf(before) }).map(({ targetPort }) => targetPort);

describe('a member is reached as its pod was made', () => {
  const http = { name: 'http', port: 80, targetPort: 8080 };
  const admin = { name: 'admin', port: 90, targetPort: 9000 };

  it('on the ports of its contract, whatever the spec says since', () => {
    const [before, now] = [specOf([http, admin]), specOf([{ ...http, targetPort: 8081 }, admin])];
    const member = { contract: contractOf(before) };
    expect(targets(before, now)).toEqual([8080, 9000]);
    expect(memberProbePort(now, member)).toBe(8080);
    expect([hasOtherPorts(before, member), hasOtherPorts(now, member)]).toEqual([false, true]);
  });

  it('on the number that a port of that name had', () => {
    const named = (containerPort: number) =>
      specOf([{ port: 80, targetPort: 'web' }], {}, [{ name: 'web', containerPort }]);
    expect(targets(named(8080), named(8081))).toEqual([8080]);
  });

  it('by the name of a port if its number has changed, and by the number if it was renamed', () => {
    const before = specOf([http, admin]);
    const moved = specOf([
      { ...http, port: 8000 },
      { ...admin, name: 'control' },
    ]);
    expect(targets(before, moved)).toEqual([8080, 9000]);
    expect(hasOtherPorts(moved, { contract: contractOf(before) })).toBe(false);
  });

  it('on a new port where the spec says, without being replaced', () => {
    const [before, now] = [specOf([http]), specOf([http, admin])];
    expect(targets(before, now)).toEqual([8080, 9000]);
    expect(hasOtherPorts(now, { contract: contractOf(before) })).toBe(false);
  });

  it('where the spec says, if its contract names no port: it was made while targetPort was misspelled', () => {
    const named = (targetPort: string) =>
      specOf([{ port: 80, targetPort }], {}, [{ name: 'web', containerPort: 8080 }]);
    const [misspelled, corrected] = [named('wbe'), named('web')];
    const member = { contract: contractOf(misspelled) };
    expect(memberProbePort(misspelled, member)).toBeUndefined();
    expect(memberProbePort(corrected, member)).toBe(8080);
    // In its turn of the rolling update its pod gets a whole contract.
    expect([hasOtherPorts(misspelled, member), hasOtherPorts(corrected, member)]).toEqual([
      false,
      true,
    ]);
  });

  it('and a pod of an earlier version, of which only the port of its program is known, on that port', () => {
    const now = specOf([{ ...http, targetPort: 8081 }]);
    const member = { contract: { probePort: 8080, ports: [] } };
    expect(memberPorts(now, member).map(({ targetPort }) => targetPort)).toEqual([8080]);
    expect(hasOtherPorts(now, member)).toBe(true);
    expect(hasOtherPorts(now, {})).toBe(false);
  });

  it('not on the port of another entry that has come before', () => {
    const tls = { name: 'tls', port: 443, targetPort: 8443 };
    expect(targets(specOf([http]), specOf([tls, http]))).toEqual([8443, 8080]);
    const probed = specOf([http], { port: 9000 });
    const health = { name: 'health', port: 90, targetPort: 9000 };
    expect(targets(specOf([http], { port: 8080 }), probed)).toEqual([8080]);
    expect(targets(specOf([http], { port: 8080 }), specOf([http, health], { port: 9000 }))).toEqual(
      [8080, 9000],
    );
  });

  it('on the same numbers if two names are swapped', () => {
    const swapped = specOf([
      { ...http, name: 'admin' },
      { ...admin, name: 'http' },
    ]);
    expect(targets(specOf([http, admin]), swapped)).toEqual([8080, 9000]);
  });

  it('where it was reached before, while a name in the spec is misspelled, and is not replaced for that', () => {
    const named = (targetPort: string) =>
      specOf([{ port: 80, targetPort }], {}, [{ name: 'web', containerPort: 8080 }]);
    expect(targets(named('web'), named('wbe'))).toEqual([8080]);
    expect(hasOtherPorts(named('wbe'), { contract: contractOf(named('web')) })).toBe(false);
  });

  it('with engine.port changed alone, too', () => {
    const [before, now] = [specOf([http], { port: 8080 }), specOf([http], { port: 8090 })];
    const member = { contract: contractOf(before) };
    expect(memberProbePort(now, member)).toBe(8080);
    expect(hasOtherPorts(now, member)).toBe(true);
  });
});
