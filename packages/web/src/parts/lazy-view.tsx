import { type ComponentType, type LazyExoticComponent, lazy } from 'react';

const PAUSE_MS = 2000;

/**
 * A view or dialog whose script is loaded when it is first shown, and again for as long as the server cannot be reached. Show it within
 * `Suspense`.
 */
export function lazyView<Props>(load: () => Promise<ComponentType<Props>>): LazyExoticComponent<ComponentType<Props>> {
  return lazy(async () => {
    for (;;) {
      try {
        return { default: await load() };
      } catch {
        await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      }
    }
  });
}
