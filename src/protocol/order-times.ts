/**
 * How long the operator waits for the answer to an order. Longer than agents take to answer 202: those of before wait 10 s for the order
 * and 1 s for a report. Milliseconds.
 */
export const orderTimeoutMs = 13_000;
/** How long an agent lets the operator wait before it answers 202: operators of before give up after 10 s. Milliseconds. */
export const orderAnswerMs = 8_000;
