/** Not listed: no list has succeeded so far. Refused: the operator has no right to list or watch the objects. */
export type WhyIncomplete = 'NotListed' | 'Refused';

/**
 * Which of the lists that fill a cache it has. A list is known by its namespace; '' is the list of all namespaces, or of objects that have
 * none. By default that is the only one.
 */
export class Completeness {
  readonly #incomplete = new Map<string, WhyIncomplete>([['', 'NotListed']]);
  readonly #listed = new Set<string>();
  readonly #listeners = new Set<() => void>();

  /** Only the objects of these namespaces will be listed, each namespace by itself. To be called before the first list. */
  expect(namespaces: readonly string[]): void {
    this.#incomplete.clear();
    for (const namespace of namespaces) this.#incomplete.set(namespace, 'NotListed');
  }

  /** Why one of the lists is missing; undefined if none is. */
  get why(): WhyIncomplete | undefined {
    const [first] = this.#incomplete.values();
    return first;
  }

  /** Why the objects of this namespace may not all be known. */
  whyOf(namespace: string): WhyIncomplete | undefined {
    return this.#incomplete.get(namespace) ?? this.#incomplete.get('');
  }

  /** Whether the objects of a namespace were listed at least once. */
  hasListed(namespace: string): boolean {
    return this.#listed.has(namespace) || this.#listed.has('');
  }

  /** The listener is called when a list has come, or was refused, for the first time since the other happened. */
  onChange(listener: () => void): void {
    this.#listeners.add(listener);
  }

  listed(namespace: string): void {
    this.#listed.add(namespace);
    if (!this.#incomplete.delete(namespace)) return;
    this.#tell();
  }

  refused(namespace: string): void {
    if (this.#incomplete.get(namespace) === 'Refused') return;
    this.#incomplete.set(namespace, 'Refused');
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
