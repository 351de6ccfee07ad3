/** Milliseconds, with fractions, of the clock that all processes of a machine share (CLOCK_MONOTONIC). */
export const machineMs = (): number => Math.round(Number(process.hrtime.bigint()) / 1e4) / 100;
