/**
 * The phi accrual failure detector: Hayashibara, Défago, Yared and Katayama, "The phi accrual failure detector",
 * SRDS 2004. phi = -log10(P(a heartbeat comes later than this)), with normally distributed intervals: at phi = 8 the
 * suspicion is wrong once in 10^8 heartbeats.
 */

/**
 * phi of a silence that is `deviations` standard deviations longer than the mean interval.
 *
 * The normal distribution function by its logistic approximation, 1 / (1 + e^-y(1.5976 + 0.070566 y^2)), whose error
 * is below 0.00014: Bowling et al., "A logistic approximation to the cumulative normal distribution", 2009; the same
 * as Akka uses. Written with log1p so that neither tail loses its digits.
 */
export function phi(deviations: number): number {
  const x = deviations * (1.5976 + 0.070566 * deviations * deviations);
  return (x > 0 ? x + Math.log1p(Math.exp(-x)) : Math.log1p(Math.exp(x))) / Math.LN10;
}

/** The inverse of `phi`: the standard deviations at which it reaches `threshold` (> 0). */
export function phiDeviations(threshold: number): number {
  let low = -10;
  let high = 10 + threshold;
  for (let step = 0; step < 40; step++) {
    const middle = (low + high) / 2;
    if (phi(middle) < threshold) low = middle;
    else high = middle;
  }
  return high;
}

/** Mean and standard deviation, in the unit of the samples; `assumedMean` if there are none. */
export function spreadOf(samples: readonly number[], assumedMean: number) {
  if (samples.length === 0) return { mean: assumedMean, deviation: 0 };
  const mean = samples.reduce((sum, sample) => sum + sample, 0) / samples.length;
  const variance = samples.reduce((sum, sample) => sum + (sample - mean) ** 2, 0) / samples.length;
  return { mean, deviation: Math.sqrt(variance) };
}
