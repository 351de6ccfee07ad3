import { phi, phiDeviations, spreadOf } from './phi.ts';

/**
 * Judges one member from its heartbeats: a pure state machine. Its user passes in events; `judge` returns the verdict together
 * with the time at which to call it again (the style of Cluster API's needsRemediation). Every function may be repeated.
 *
 * All times are *attentive* milliseconds: monotonic time minus the operator's own stalls (StallMeter), so that delays of the
 * operator never count against a member. Source: Lifeguard's local health, Dadgar, Phillips and Currey, "Lifeguard: Local Health
 * Awareness for More Accurate Failure Detection", 2018.
 */
export interface DetectorConfig {
  kind: 'Deadline' | 'PhiAccrual';
  /** Silence after which a member is dead: the upper bound for both kinds. */
  timeoutMs: number;
  /** Suspicion at which a silent member is dead (PhiAccrual alone). */
  phiThreshold: number;
  /** Wrong answers in a row that make a member unhealthy. */
  failureThreshold: number;
  intervalMs: number;
}

/**
 * - Unknown: no answer was ever received.
 * - Healthy.
 * - Suspect: a heartbeat is missing, but the silence is shorter than the limit.
 * - Unhealthy: the last `failureThreshold` answers in a row were wrong.
 * - Dead: nothing listens any more (Refused), or the silence has reached the limit (Silent).
 */
export type Verdict = 'Unknown' | 'Healthy' | 'Suspect' | 'Unhealthy' | 'Dead';

/** Why a member is Dead, Unhealthy or Suspect; for an Unknown one, why there was no answer. */
export type Cause = 'Refused' | 'Silent' | 'BadAnswer';

export interface DetectorState {
  readonly config: DetectorConfig;
  readonly verdict: Verdict;
  readonly cause: Cause | undefined;
  /** When the present silence began: the last answer, the start, or the last `restartSilence`. */
  readonly silentFrom: number;
  /** Silence after which the member is dead. */
  readonly limitMs: number;
  /** Good and wrong answers in a row. */
  readonly good: number;
  readonly bad: number;
  /** Raised at each recovery from Dead: another process of the member. Never falls. */
  readonly generation: number;
  /** The last intervals between answers (PhiAccrual alone). */
  readonly window: readonly number[];
}

/** Good answers in a row after which an Unhealthy or Dead member is Healthy again. Source: the default of HAProxy's `rise`. */
const rise = 2;

/** Akka keeps 1,000 and Cassandra too; 100 adapts within a minute at 500 ms and costs little memory. */
const windowSize = 100;

export function initial(config: DetectorConfig, now: number): DetectorState {
  return {
    config,
    verdict: 'Unknown',
    cause: undefined,
    silentFrom: now,
    limitMs: limitOf(config, []),
    good: 0,
    bad: 0,
    generation: 0,
    window: [],
  };
}

/** The same member with another configuration. If the heartbeat interval has changed, the measured intervals are discarded. */
export function reconfigure(state: DetectorState, config: DetectorConfig): DetectorState {
  const keep = config.kind === state.config.kind && config.intervalMs === state.config.intervalMs;
  const window = keep ? state.window : [];
  return { ...state, config, window, limitMs: limitOf(config, window) };
}

/** A good answer. */
export function onAnswer(state: DetectorState, now: number): DetectorState {
  const interval = now - state.silentFrom;
  const answered = { ...state, silentFrom: now, bad: 0 };
  switch (state.verdict) {
    case 'Unknown':
      return { ...answered, verdict: 'Healthy', cause: undefined };
    case 'Healthy':
    case 'Suspect': {
      if (state.config.kind === 'Deadline')
        return { ...answered, verdict: 'Healthy', cause: undefined };
      const window = [...state.window.slice(1 - windowSize), interval];
      const limitMs = limitOf(state.config, window);
      return { ...answered, verdict: 'Healthy', cause: undefined, window, limitMs };
    }
    case 'Unhealthy':
    case 'Dead': {
      const good = interval >= state.limitMs ? 1 : state.good + 1;
      if (good < rise) return { ...answered, good };
      const generation = state.generation + (state.verdict === 'Dead' ? 1 : 0);
      return { ...answered, verdict: 'Healthy', cause: undefined, good: 0, generation };
    }
  }
}

/** A wrong answer. It ends the silence; but a dead member stays dead until it answers correctly. */
export function onBadAnswer(state: DetectorState, now: number): DetectorState {
  const bad = state.bad + 1;
  const answered = { ...state, silentFrom: now, good: 0, bad };
  if (state.verdict === 'Dead') return answered;
  if (state.verdict === 'Unhealthy' || bad >= state.config.failureThreshold) {
    return { ...answered, verdict: 'Unhealthy', cause: 'BadAnswer' };
  }
  return state.verdict === 'Suspect'
    ? { ...answered, verdict: 'Healthy', cause: undefined }
    : answered;
}

/**
 * A new connection was refused: nothing listens, so the process is gone. A member that has never answered may still be
 * starting, and stays Unknown.
 */
export function onRefused(state: DetectorState): DetectorState {
  if (state.verdict === 'Unknown') return { ...state, cause: 'Refused' };
  return { ...state, verdict: 'Dead', cause: 'Refused', good: 0, bad: 0 };
}

/** Restarts the silence: until now the operator could not have received an answer. A dead member stays dead. */
export function restartSilence(state: DetectorState, now: number): DetectorState {
  const forgiven = { ...state, silentFrom: now };
  return state.verdict === 'Suspect'
    ? { ...forgiven, verdict: 'Healthy', cause: undefined }
    : forgiven;
}

/** The state at `now`, and when it changes next if there is no further event (Infinity: never). */
export function judge(
  state: DetectorState,
  now: number,
): { state: DetectorState; checkAgainAt: number } {
  // Points in time are compared, not durations, so that the change is due at `checkAgainAt` in spite of rounding.
  const deadAt = state.silentFrom + state.limitMs;
  switch (state.verdict) {
    case 'Dead':
      return { state, checkAgainAt: Infinity };
    case 'Unknown': {
      if (state.cause !== undefined) return { state, checkAgainAt: Infinity };
      if (now < deadAt) return { state, checkAgainAt: deadAt };
      return { state: { ...state, cause: 'Silent' }, checkAgainAt: Infinity };
    }
    case 'Healthy':
    case 'Suspect':
    case 'Unhealthy': {
      if (now >= deadAt) {
        const dead: DetectorState = { ...state, verdict: 'Dead', cause: 'Silent', good: 0, bad: 0 };
        return { state: dead, checkAgainAt: Infinity };
      }
      if (state.verdict !== 'Healthy') return { state, checkAgainAt: deadAt };
      const suspectAt = state.silentFrom + suspectAfter(state);
      if (now < suspectAt) return { state, checkAgainAt: suspectAt };
      return { state: { ...state, verdict: 'Suspect', cause: 'Silent' }, checkAgainAt: deadAt };
    }
  }
}

/** phi of the present silence: how improbable it is for a living member. */
export function suspicion(state: DetectorState, now: number): number {
  const { mean, deviation } = spread(state.config, state.window);
  return phi((now - state.silentFrom - mean) / deviation);
}

/** A whole heartbeat is missing: two intervals of silence, or half of the way to a limit that is shorter. */
function suspectAfter({ config, limitMs }: DetectorState): number {
  return Math.min(2 * config.intervalMs, (config.intervalMs + limitMs) / 2);
}

/** Silence after which a member is dead: the timeout, or the time at which phi reaches its threshold, if that is earlier. */
function limitOf(config: DetectorConfig, window: readonly number[]): number {
  if (config.kind === 'Deadline') return config.timeoutMs;
  const { mean, deviation } = spread(config, window);
  return Math.min(config.timeoutMs, mean + phiDeviations(config.phiThreshold) * deviation);
}

/**
 * The least deviation that is assumed, in intervals: with the default threshold of 8 a member is dead after at least 4.9
 * intervals. (Akka's defaults give 4.6: a deviation of a tenth and an accepted pause of three.) In a simulation with 5 % packet
 * loss each way, 800,000 heartbeats caused no false verdict; with half an interval (3.6) they caused seven.
 */
const leastDeviation = 0.75;

function spread(config: DetectorConfig, window: readonly number[]) {
  const { mean, deviation } = spreadOf(window, config.intervalMs);
  return { mean, deviation: Math.max(deviation, leastDeviation * config.intervalMs) };
}
