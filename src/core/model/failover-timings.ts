/** Wall-clock milliseconds of a failover's steps, as this process saw them. They are measured alone, and change no decision but when the write Service is emptied. */
export interface FailoverTimings {
  epoch: number;
  committedAtMs?: number;
  /**
   * This process has never heard the old primary well: since when Kubernetes calls it unwell, or that nothing says it. Absent: the verdict
   * of this process has come with its last sign.
   */
  lastSignMs?: number | 'Unknown';
  promotedAtMs?: number;
  repointedAtMs?: number;
  firstSuccessAtMs?: number;
  /** The first answer through the Service is looked for, or was. */
  firstSuccessSought?: boolean;
}
