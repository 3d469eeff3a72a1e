import { type ComponentType, type LazyExoticComponent, lazy, useSyncExternalStore } from 'react';
import { LoadError } from './notices.tsx';

const PAUSE_MS = 2000;

/** How many scripts could not be loaded and are being tried again. */
let failing = 0;
const listeners = new Set<() => void>();
let retry = Promise.withResolvers<void>();

/**
 * A view or dialog whose script is loaded when it is first shown, and again for as long as the server cannot be reached. Show it within
 * `Suspense`; the fallback of a view is `LoadingView`.
 */
export function lazyView<Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    try {
      return { default: await load() };
    } catch {
      return { default: await loadAgain(load) };
    }
  });
}

async function loadAgain<View>(load: () => Promise<View>): Promise<View> {
  count(1);
  try {
    for (;;) {
      await Promise.race([retry.promise, new Promise((resolve) => setTimeout(resolve, PAUSE_MS))]);
      try {
        return await load();
      } catch {
        // The server is still away.
      }
    }
  } finally {
    count(-1);
  }
}

function count(by: 1 | -1): void {
  failing += by;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

function retryNow(): void {
  retry.resolve();
  retry = Promise.withResolvers();
}

/** In place of a view whose script is being loaded. */
export function LoadingView() {
  const isFailing = useSyncExternalStore(subscribe, () => failing > 0);
  return isFailing ? (
    <LoadError
      problem="The Easel server cannot be reached: this part of the page is not loaded yet."
      retry={retryNow}
    />
  ) : (
    <p className="quiet centred">Loading…</p>
  );
}
