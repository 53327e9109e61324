/**
 * A list that keeps nothing alive: what it was given, as long as somebody else has it.
 *
 * A view of a namespace is made anew for each codec that it is named with, and may be dropped by
 * who named it. The cache has to reach those that are there still, and must not be why they are.
 */
export class Living<T extends object> {
  #refs: WeakRef<T>[] = [];
  /** Length from which on it looks which of them have gone: twice what was left the last time. */
  #most = 16;

  add(one: T): void {
    if (this.#refs.length >= this.#most) {
      this.#refs = this.#refs.filter((ref) => ref.deref() !== undefined);
      this.#most = 2 * this.#refs.length + 16;
    }
    this.#refs.push(new WeakRef(one));
  }

  all(): T[] {
    return this.#refs.flatMap((ref) => ref.deref() ?? []);
  }
}
