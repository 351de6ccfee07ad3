/** A write that the API server refused or that failed; forgotten when the same write succeeds. */
export interface WriteFailure {
  /** What was to be written, such as `create Pod web-0`. */
  what: string;
  reason: string;
  message: string;
}
