import { needsPerson, relayed } from '../../api/reasons.ts';
import type { Condition, Status } from '../../api/status.ts';
import { conditionOf } from './events.ts';
import type { Degradation, KnownFault } from '../model/fault.ts';
import type { EventNote } from '../model/event-note.ts';

/** What heals within this time is in the conditions alone: a Warning Event would call a person for nothing. Milliseconds. */
const graceMs = 10_000;
/** The same for what a person must correct: only the moment of an edit is spared. Milliseconds. */
const shortGraceMs = 2_000;
/** The same for members of which nothing is known to be wrong: they start, and their images may have to be pulled. Milliseconds. */
const startGraceMs = 60_000;
/** A fault that returns within this time after its end is still the same one: a container may crash again and again. Milliseconds. */
const sameMs = 60_000;

interface Fault {
  type: 'Degraded' | 'FailoverBlocked';
  id: string;
  /** As the condition has it, if this fault is the most urgent one. */
  reason: string;
  /** Of what the fault is told; empty: of the service. */
  about: string;
  graceMs: number;
  event: EventNote;
}

function graceOf(type: Fault['type'], reason: string, about = ''): number {
  if (needsPerson(type, reason)) return shortGraceMs;
  // One that is named has had that time.
  return reason === 'NotHeard' || (reason === 'MembersMissing' && about === '')
    ? startGraceMs
    : graceMs;
}

/** The faults of now. The wording of a fault may change: its identity is the reason, and what it is about. */
function faultsOf(status: Status, degradedReasons: readonly Degradation[]): Fault[] {
  const isTrue = (type: Fault['type']) => {
    const condition = conditionOf(status, type);
    return condition?.status === 'True' ? condition : undefined;
  };
  const blocked = isTrue('FailoverBlocked');
  const degraded = isTrue('Degraded');
  // Without a fault that has a name, the condition counts the members that are missing.
  const named =
    degraded === undefined || degradedReasons.length > 0
      ? degradedReasons
      : [{ reason: relayed(degraded.reason), message: degraded.message }];
  const faults = new Map<string, Fault>();
  if (blocked !== undefined) {
    const type = 'FailoverBlocked';
    faults.set(type, {
      ...{ type, id: `${type}/${blocked.reason}`, graceMs: graceOf(type, blocked.reason) },
      ...{ reason: blocked.reason, about: '' },
      event: { type: 'Warning', reason: type, action: 'Failover', note: blocked.message },
    });
  }
  for (const { reason, message, about = '' } of degraded === undefined ? [] : named) {
    const id = `${reason}/${about}`;
    if (faults.has(id)) continue;
    faults.set(id, {
      ...{ type: 'Degraded', id, graceMs: graceOf('Degraded', reason, about), reason, about },
      event: { type: 'Warning', reason, action: 'Reconcile', note: message },
    });
  }
  return [...faults.values()];
}

/** The stored condition speaks of the fault, in the words of now or with its reason. */
const isSaidIn = ({ reason, message }: Condition, { about, event, ...fault }: Fault): boolean =>
  message.includes(event.note) || (reason === fault.reason && message.includes(about));

/**
 * What the operator process before this one has told: what the stored conditions say that have been True for their grace time. A fault
 * that has come since is news, whatever else was wrong before.
 */
function toldBefore(status: Status, faults: Fault[], nowMs: number): KnownFault[] {
  const lasts = (type: Fault['type']) => {
    const condition = conditionOf(status, type);
    if (condition?.status !== 'True') return undefined;
    const ageMs = nowMs - Date.parse(condition.lastTransitionTime);
    return ageMs < 0 || ageMs >= graceOf(type, condition.reason) ? condition : undefined;
  };
  const degraded = lasts('Degraded');
  const told = faults.filter((fault) => {
    const condition = lasts(fault.type);
    return condition !== undefined && isSaidIn(condition, fault);
  });
  const ids = [
    ...told.map(({ id }) => id),
    // Its end is told, too.
    ...(degraded === undefined ? [] : [`${degraded.reason}/`]),
  ];
  return [...new Set(ids)].map((id) => ({ id, sinceMs: nowMs, isTold: true }));
}

/**
 * The one rule for Warning Events about faults: a fault is told once, when it has lasted for its grace time; and its end is told if
 * the fault was. The conditions say all of it at once.
 *
 * @param known what the last call has returned; undefined: the first one of this process
 * @param before the stored status
 * @returns `nextAtMs`: when the next grace time ends
 */
export function tellFaults(
  known: readonly KnownFault[] | undefined,
  before: Status,
  next: Status,
  degradedReasons: readonly Degradation[],
  nowMs: number,
): { faults: KnownFault[]; events: EventNote[]; nextAtMs: number | undefined } {
  const present = faultsOf(next, degradedReasons);
  const old = new Map(
    (known ?? toldBefore(before, present, nowMs)).map((fault) => [fault.id, fault]),
  );
  const events: EventNote[] = [];
  const faults: KnownFault[] = [];
  let nextAtMs: number | undefined;
  for (const { id, graceMs: ms, event } of present) {
    const earlier = old.get(id);
    old.delete(id);
    const isSame = earlier !== undefined && nowMs - (earlier.endedMs ?? nowMs) <= sameMs;
    const fault = isSame ? earlier : { sinceMs: nowMs, isTold: false };
    const dueAtMs = fault.sinceMs + ms;
    const isDue = !fault.isTold && nowMs >= dueAtMs;
    if (isDue) events.push(event);
    if (!fault.isTold && !isDue) nextAtMs = Math.min(nextAtMs ?? Infinity, dueAtMs);
    faults.push({ id, sinceMs: fault.sinceMs, isTold: fault.isTold || isDue });
  }
  const degraded = conditionOf(next, 'Degraded');
  const isWhole = degraded?.status === 'False' && degraded.reason === 'AllHealthy';
  const ended = [...old.values()]
    .filter(({ isTold }) => isTold)
    .map((fault) => ({ ...fault, endedMs: fault.endedMs ?? nowMs }));
  const isOfDegraded = ({ id }: KnownFault) => !id.startsWith('FailoverBlocked/');
  if (isWhole && ended.some(isOfDegraded)) {
    const note = degraded.message;
    events.push({ type: 'Normal', reason: 'Recovered', action: 'Reconcile', note });
  }
  // Until all is well again, what was told is remembered: its end must be told.
  const kept = ended.filter((fault) =>
    isOfDegraded(fault) ? !isWhole : nowMs - fault.endedMs <= sameMs,
  );
  return { faults: [...faults, ...kept], events, nextAtMs };
}
