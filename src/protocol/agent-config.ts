import * as z from 'zod';
import { type EngineType, engineSchema } from '../api/engine-spec.ts';

/** Variable of the container's environment that holds the agent's configuration, as JSON. */
export const agentConfigVariable = 'HASERVICE_AGENT';
/** Mount path of the Secret that spec.engine names, and the file in it that holds the password of the database. */
export const passwordFolder = '/haservice-password';
export const passwordFile = 'password';
/** Beside it: passwords of members that were created before spec.engine named another Secret. */
export const formerPasswordFile = (number: number) => `former-${number}`;
export const isFormerPasswordFile = /^former-\d+$/;
/** Password in the environment of pods that an earlier version of the operator has created. */
export const passwordVariable = 'HASERVICE_PASSWORD';
/** Folder into which the init container installs the agent, in the volume agentVolume. */
export const agentFolder = '/haservice';
export const agentVolume = 'haservice-agent';
/** Mount path of the TLS Secret: tls.crt, tls.key, ca.crt. */
export const tlsFolder = '/haservice-tls';

/** Where C libraries look for the socket of a name service cache; and the folder in the agent's volume that is mounted there. */
export const userLookupFolder = '/var/run/nscd';
export const userLookupPath = 'nscd';

/** Settings of the agent in a pod, written by the operator into the pod. POD_NAME, POD_UID and POD_IP are separate variables. */
export const agentConfigSchema = z.object({
  /** Name of the HAService. */
  service: z.string(),
  engine: engineSchema,
  /** Port of the program. */
  port: z.int(),
  /** Port of the agent. */
  agentPort: z.int(),
  /** Command and arguments of the program, unless the engine knows them itself. */
  command: z.array(z.string()).default([]),
  /** Arguments of the container in the template, in addition to those of the engine (Redis and Postgres). */
  args: z.array(z.string()).default([]),
  /** How long a leader may lead after its last grant; absent: it needs no lease. Milliseconds. */
  leaseMs: z.number().optional(),
  /** Grace period of the pod; absent in a pod of an earlier version. Not part of the template's hash: see agentConfig. */
  graceSeconds: z.number().optional(),
});

const port = z.int().min(1).max(65_535);

/**
 * What the operator must know of the settings of the agent in a pod. An earlier version may have written them, and somebody may have
 * changed them.
 */
export const podAgentSchema = z.object({
  agentPort: port,
  /** 0: the spec named no port. */
  port: z
    .union([port, z.literal(0)])
    .optional()
    .catch(undefined),
  // The spec has a heartbeat.interval of at least 10 ms, and a longer lease. Heartbeats follow the lease.
  leaseMs: z.number().gt(10).optional(),
  engine: z.unknown().optional(),
});

/** The part of the engine's settings that says which Secret the pod was created with. */
export const engineSecretSchema = z.object({
  passwordSecret: z.object({ name: z.string(), key: z.string() }),
});

/** What operator and agent must agree on about the program of an engine. */
interface Program {
  /** See knowsItsProgram. */
  isKnown: boolean;
  /** Whether the program has data if engine.dataDir names no folder. */
  hasData: boolean;
  /** Folder of the data if engine.dataDir names none. */
  dataDir: string;
  /** Its tools must find their user by its number: see userLookupFolder. */
  looksUpUser?: boolean;
  /** The last part of the usual names of its images, without the tag. Absent: nothing is known of them. */
  image?: RegExp;
}

/** A program that is asked for its health, and of which nothing else is known. */
const unmanaged: Program = { isKnown: false, hasData: false, dataDir: '/data' };

/** One row for each value of engine.type. What the operator alone must know is in core/model/capabilities.ts. */
const programs: Record<EngineType, Program> = {
  TCP: unmanaged,
  HTTP: unmanaged,
  GRPC: unmanaged,
  Exec: { isKnown: false, hasData: true, dataDir: '/data' },
  Redis: { isKnown: true, hasData: true, dataDir: '/data', image: /redis|valkey|keydb/ },
  Postgres: {
    ...{ isKnown: true, hasData: true, dataDir: '/var/lib/postgresql/data' },
    looksUpUser: true,
    image: /postg|pgvector|timescale/,
  },
};

/**
 * Whether the agent knows the program: its data folder, its arguments, and that its leader asks for exactly those
 * acknowledgements that an order names.
 */
export const knowsItsProgram = ({ engine }: { engine: { type: EngineType } }): boolean =>
  programs[engine.type].isKnown;

/** What runs beside such a program has its name, too. */
const helpers = /exporter|backup|pool|bouncer|proxy|sentinel|insight|admin/;

/** Whether an image seems to be one of the program. */
export function isImageOf({ engine }: Pick<AgentConfig, 'engine'>, image: string): boolean {
  const [name = ''] = (image.split('/').at(-1) ?? '').split(/[:@]/);
  return programs[engine.type].image?.test(name) === true && !helpers.test(name);
}

/** Whether tools of the program give up if the image does not know the user as which they run. */
export const looksUpUser = ({ engine }: Pick<AgentConfig, 'engine'>): boolean =>
  programs[engine.type].looksUpUser === true;

/** The program has data of its own: the agent keeps its own state with them, if it can. */
export const hasData = ({ engine }: Pick<AgentConfig, 'engine'>): boolean =>
  engine.dataDir !== undefined || programs[engine.type].hasData;

/**
 * Folder of the data, on a volume. The agent stores its own state in `.haservice/` in it, so an engine that replaces all data
 * (clone, rewind) keeps them in a folder of its own below it.
 */
export const dataDir = ({
  engine,
}: {
  engine: Pick<AgentConfig['engine'], 'type' | 'dataDir'>;
}): string => engine.dataDir ?? programs[engine.type].dataDir;

/** Where the agent stores its own state, in the folder of the data. */
export const stateFolder = '.haservice';
/** File in that folder that holds what the member has acknowledged. */
export const stateFile = 'state.json';

export type AgentConfig = z.output<typeof agentConfigSchema>;
