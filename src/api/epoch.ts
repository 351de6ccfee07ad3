/**
 * The highest epoch that there is: at one failover a second it is reached in 31 years. Whatever names a higher one was not sent
 * by an operator that works, and must not be accepted or believed: there would be no epoch left to go on with.
 */
export const highestEpoch = 1_000_000_000;

/**
 * The highest epoch that an operator takes over from what members report. A million are left above it, so that it can always go
 * on, whoever has given them that one.
 */
export const highestAdopted = highestEpoch - 1_000_000;

/** What is wrong with an epoch above the highest. */
export const tooHigh = `above ${highestEpoch}, which no operator has reached`;
