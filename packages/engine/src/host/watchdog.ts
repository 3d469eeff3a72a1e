const longestSliceMs = 1000;

/**
 * Calls back when the time is up, counting only time in which this process was awake. After a Ctrl-Z and `fg`, a suspended
 * laptop or a blocked event loop a plain timer would fire before the messages that lie in the channel have been read,
 * and a healthy child would be taken for a hung one.
 */
export class Watchdog {
  #timer: NodeJS.Timeout | undefined;

  /** Starts over; whatever was watched before is forgotten. */
  watch(limitMs: number, onExpiry: () => void): void {
    this.rest();
    if (limitMs === Number.POSITIVE_INFINITY) return;
    const sliceMs = Math.min(longestSliceMs, Math.max(5, limitMs / 8));
    let spentMs = 0;
    let last = performance.now();
    this.#timer = setInterval(() => {
      const now = performance.now();
      spentMs += Math.min(now - last, 2 * sliceMs);
      last = now;
      if (spentMs < limitMs) return;
      this.rest();
      onExpiry();
    }, sliceMs).unref();
  }

  rest(): void {
    clearInterval(this.#timer);
  }
}
