/** Records the primaries, from the operator's status and from the pods. */
export class Leaders {
  /** By epoch. UIDs are known if the status was read while the epoch was the current one. */
  readonly #byEpoch = new Map<number, { pod: string; uids: Set<string> }>();
  /** Addresses that pods have had, by name and by UID. */
  readonly #addresses = new Map<string, Set<string>>();

  sawPod(name: string, uid: string, address: string): void {
    for (const key of [name, uid]) {
      const known = this.#addresses.get(key) ?? new Set();
      this.#addresses.set(key, known.add(address));
    }
  }

  sawLeader(epoch: number, pod: string, uid?: string): void {
    const known = this.#byEpoch.get(epoch) ?? { pod, uids: new Set() };
    this.#byEpoch.set(epoch, known);
    // A pod that was recreated while it was primary stays primary.
    if (uid !== undefined) known.uids.add(uid);
  }

  /** The addresses of each primary, from this epoch on. */
  since(epoch: number): string[][] {
    return [...this.#byEpoch]
      .filter(([each]) => each >= epoch)
      .sort(([a], [b]) => a - b)
      .map(([, { pod, uids }]) => {
        const keys = uids.size === 0 ? [pod] : [...uids];
        return [...new Set(keys.flatMap((key) => [...(this.#addresses.get(key) ?? [])]))];
      });
  }
}
