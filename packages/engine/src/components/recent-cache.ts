/** Keeps the most recently used values, up to `capacity`. */
export class RecentCache<Key, Value> {
  readonly #values = new Map<Key, Value>();
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  async get(key: Key, make: () => Promise<Value>): Promise<Value> {
    const known = this.#values.get(key);
    this.#values.delete(key); // re-inserted below: a Map keeps the order of insertion
    const value = known ?? (await make());
    this.#values.set(key, value);
    for (const oldest of this.#values.keys()) {
      if (this.#values.size <= this.#capacity) break;
      this.#values.delete(oldest);
    }
    return value;
  }

  clear(): void {
    this.#values.clear();
  }
}
