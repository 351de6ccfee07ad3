/**
 * The highest possible epoch: with one failover a second it is reached in 31 years. A correct operator never sends a higher one, and
 * no process may accept one: there would be no epoch left for the next failover.
 */
export const highestEpoch = 1_000_000_000;

/**
 * The highest epoch that an operator adopts from the reports of members. A million epochs are left above it, so that the operator can
 * always continue, whichever client has given the members that epoch.
 */
export const highestAdopted = highestEpoch - 1_000_000;

/** What is wrong with an epoch above the highest. */
export const tooHigh = `above ${highestEpoch}, which no operator has reached`;
