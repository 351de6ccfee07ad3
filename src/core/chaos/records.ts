import type { ChaosSpec } from '../../api/chaos-spec.ts';
import type { ChaosStatus, Experiment, ExperimentRecord } from '../../api/chaos-status.ts';
import type { Member, Resource } from '../model/observed.ts';
import { roleOf } from '../model/topology.ts';
import type { Draw, Refusal } from './draw.ts';

export const iso = (ms: number): string => new Date(ms).toISOString();

/** Undefined if no calendar has that time. */
export const isoOrNone = (ms: number): string | undefined =>
  Math.abs(ms) <= 8.64e15 ? iso(ms) : undefined;

/** Zones of the members that are hit. */
export const zonesOf = ({ hits }: Pick<Experiment, 'hits'>): string[] =>
  hits.flatMap(({ zone }) => zone ?? []);

const hitOf = (resource: Resource, member: Member) => ({
  pod: member.name,
  uid: member.uid,
  role: roleOf(resource, member),
  ...(member.zone === undefined ? {} : { zone: member.zone }),
});

/** Texts of the status: its records must not fill what the API server can store. Characters. */
const longestText = 512;
export const cut = (text: string) =>
  text.length > longestText ? `${text.slice(0, longestText - 3)}...` : text;

/** How many members a record names. */
const mostHits = 10;

/** What does not change any more during an experiment. */
export const plannedOf = (
  resource: Resource,
  chaos: ChaosSpec,
  about: { id: number; cause: Experiment['cause']; seed: number },
  { hits, why }: Draw,
) => ({
  ...about,
  action: chaos.action,
  hits: hits.map((member) => hitOf(resource, member)),
  why: cut(why),
  objective: chaos.recoveryObjective,
  ...(chaos.dryRun ? { dryRun: true } : {}),
});

/** Newest first: at most `limit`, and the last one with a kill if refusals would push that one out. Its recovery may be awaited. */
function limited(history: ExperimentRecord[], limit: number): ExperimentRecord[] {
  const kept = history.slice(0, limit);
  const lastKill = history.slice(limit).find(({ injectedAt }) => injectedAt !== undefined);
  const hasKill = kept.some(({ injectedAt }) => injectedAt !== undefined);
  return hasKill || lastKill === undefined ? kept : [...kept, lastKill];
}

/** The status with one more record, and without the experiment that runs. */
export function withRecord(
  status: ChaosStatus,
  record: ExperimentRecord,
  historyLimit: number,
): ChaosStatus {
  const { experiment: _ended, ...rest } = status;
  return summarized(
    {
      ...rest,
      lastVerdict: record.verdict,
      history: limited([record, ...(status.history ?? [])], historyLimit),
    },
    record,
  );
}

/** From the kill to the recovery. Not below 0 if a clock was set back. Milliseconds. */
export const recoveryMsOf = (
  injectedAt: string | undefined,
  recoveredAt: string | undefined,
): number | undefined =>
  injectedAt === undefined || recoveredAt === undefined
    ? undefined
    : Math.max(0, Date.parse(recoveredAt) - Date.parse(injectedAt));

/** Ends an experiment. */
export function ended(
  { phase: _phase, startsAt, isUnsure: _unsure, ...experiment }: Experiment,
  verdict: ExperimentRecord['verdict'],
  nowMs: number,
  about: Pick<ExperimentRecord, 'message'> &
    Partial<Pick<ExperimentRecord, 'reason' | 'recoveredAt'>>,
): ExperimentRecord {
  const recoveryMs = recoveryMsOf(experiment.injectedAt, about.recoveredAt);
  return {
    ...experiment,
    hits: experiment.hits.slice(0, mostHits),
    verdict,
    ...about,
    message: cut(about.message),
    at: startsAt,
    ...(recoveryMs === undefined ? {} : { recoveryMs }),
    endedAt: iso(nowMs),
  };
}

/** An experiment that did not begin. */
export const refused = (
  plan: ReturnType<typeof plannedOf>,
  { reason, message }: Refusal,
  nowMs: number,
): ExperimentRecord => ({
  ...plan,
  verdict: 'Refused',
  reason,
  message: cut(message),
  at: iso(nowMs),
  endedAt: iso(nowMs),
});

function summarized(status: ChaosStatus, added: ExperimentRecord): ChaosStatus {
  const before = status.summary ?? { experiments: 0, passed: 0 };
  if (added.injectedAt === undefined) return status;
  return withRecoveryTimes({
    ...status,
    summary: {
      ...before,
      experiments: before.experiments + 1,
      passed: before.passed + (added.verdict === 'Passed' ? 1 : 0),
    },
  });
}

/** The summary of the times, after a record has got its own. */
export function withRecoveryTimes(status: ChaosStatus): ChaosStatus {
  const { summary, history = [] } = status;
  if (summary === undefined) return status;
  const times = history.flatMap(({ recoveryMs }) => recoveryMs ?? []).sort((a, b) => a - b);
  const worst = Math.max(summary.worstRecoveryMs ?? 0, times.at(-1) ?? 0);
  const middle = times.length / 2;
  const [low = 0, high = 0] = [times[Math.ceil(middle) - 1], times[Math.floor(middle)]];
  return times.length === 0
    ? status
    : {
        ...status,
        summary: {
          ...summary,
          medianRecoveryMs: Math.round((low + high) / 2),
          worstRecoveryMs: worst,
        },
      };
}
