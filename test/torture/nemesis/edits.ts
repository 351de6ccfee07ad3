import type { Unstructured } from '../../../src/core/model/unstructured.ts';

/** The parts of a service's spec that an edit reads, as the API server returns them. */
export interface EditedSpec {
  ports: { port: number; targetPort?: number | string }[];
  heartbeat?: Unstructured;
  failover?: Unstructured;
  template: { spec: { containers: (Unstructured & { env?: Unstructured[] })[] } };
}

interface Edit {
  name: string;
  /** Merge patches of the spec. */
  patch: object;
  back: object;
}

/** On the template of the pods. The fault `roll` has another one: both may be in force. */
const annotated = (key: string, value: string | null) => ({
  template: { metadata: { annotations: { [key]: value } } },
});

export const rollPatch = (value: string) => annotated('torture/roll', value);

/** @param port the port of the program. @param choice 0 to below 1. */
export function chooseEdit(spec: EditedSpec, port: number, choice: number): Edit {
  const { containers } = spec.template.spec;
  const [program = {}, ...others] = containers;
  // A merge patch replaces a list as a whole.
  const withProgram = (changed: object) => ({
    template: { spec: { containers: [{ ...program, ...changed }, ...others] } },
  });
  const back = { template: { spec: { containers } } };
  const withEnv = (name: string, value: string) =>
    withProgram({ env: [...(program.env ?? []), { name, value }] });
  const other = port + 1;
  const edits: Edit[] = [
    {
      name: 'annotation',
      patch: annotated('torture/edit', 'edited'),
      back: annotated('torture/edit', null),
    },
    { name: 'environment', patch: withEnv('TORTURE_EDIT', 'edited'), back },
    {
      name: 'targetPort',
      // The member program of the tests learns its port by the environment; databases learn it from the agent.
      patch: { ...withEnv('PORT', String(other)), ports: [{ port, targetPort: other }] },
      back: { ...back, ports: spec.ports },
    },
    {
      name: 'heartbeat',
      patch: { heartbeat: { interval: '200ms', timeout: '2s' } },
      back: { heartbeat: spec.heartbeat ?? null },
    },
    ...['2s', '6s'].map((leaseDuration) => ({
      name: `leaseDuration ${leaseDuration}`,
      patch: { failover: { leaseDuration } },
      back: { failover: spec.failover ?? null },
    })),
    {
      name: 'readinessProbe',
      patch: withProgram({ readinessProbe: { tcpSocket: { port }, periodSeconds: 1 } }),
      back,
    },
  ];
  const edit = edits[Math.floor(choice * edits.length)];
  if (edit === undefined) throw new Error(`no edit is chosen by ${choice}`);
  return edit;
}
