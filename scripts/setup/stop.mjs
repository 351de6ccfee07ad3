/** A reason to stop that the user can act on: shown as one line, without a stack. */
export class Stop extends Error {
  /**
   * @param {string} message one line that says what to do
   * @param {number} [exitCode]
   */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** @param {string} line progress, on stderr so that stdout stays the command's own */
export function say(line) {
  process.stderr.write(`setup: ${line}\n`);
}
