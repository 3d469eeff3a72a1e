/** Some time more after an abort, for what still has to be said to the server. */
export interface Grace {
  /** Aborted with the same reason, later. */
  readonly signal: AbortSignal;
  /** Once nothing is left to be said. */
  end(): void;
}

export function graceAfter(signal: AbortSignal | undefined, ms: number): Grace {
  const controller = new AbortController();
  let timer: ReturnType<typeof setTimeout> | undefined;
  const begin = () => {
    timer = setTimeout(() => controller.abort(signal?.reason), ms);
  };
  signal?.addEventListener('abort', begin, { once: true });
  return {
    signal: controller.signal,
    end() {
      signal?.removeEventListener('abort', begin);
      clearTimeout(timer);
    },
  };
}
