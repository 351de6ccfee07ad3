/** Wall-clock milliseconds of a failover's steps, as this process saw them. They are measured alone, and change no decision but when the write Service is emptied. */
export interface FailoverTimings {
  epoch: number;
  committedAtMs?: number;
  promotedAtMs?: number;
  repointedAtMs?: number;
  firstSuccessAtMs?: number;
  /** The first answer through the Service is looked for, or was. */
  firstSuccessSought?: boolean;
}
