import { paths } from '@easel/contract';
import { type ComponentType, type LazyExoticComponent, lazy, useSyncExternalStore } from 'react';
import { LoadError } from './notices.tsx';

const PAUSE_MS = 2000;

/** How many scripts could not be loaded and are being tried again. */
let failing = 0;
const listeners = new Set<() => void>();

/** A view with a script of its own. */
export interface LazyView<Props> extends LazyExoticComponent<ComponentType<Props>> {
  /** Begins to load the script of what will be shown, but cannot be yet. */
  preload(): void;
}

/**
 * A view or dialog whose script is loaded when it is first shown, and again for as long as the server cannot be reached. Show it within
 * `Suspense`; the fallback of a view is `LoadingView`.
 */
export function lazyView<Props>(load: () => Promise<ComponentType<Props>>): LazyView<Props> {
  let loading: Promise<ComponentType<Props>> | undefined;
  const loadOnce = () => {
    loading ??= load().catch(() => loadAgain(load));
    return loading;
  };
  const view = lazy(async () => ({ default: await loadOnce() }));
  return Object.assign(view, { preload: () => void loadOnce() });
}

/** A browser may keep a script that could not be loaded as failed: the page is then opened anew, which keeps the form and the runs. */
async function loadAgain<View>(load: () => Promise<View>): Promise<View> {
  count(1);
  try {
    for (let wasAway = false; ; ) {
      const isThere = await isServerThere();
      if (isThere && wasAway) window.location.reload();
      wasAway ||= !isThere;
      await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
      try {
        return await load();
      } catch {
        // The server is still away, or the browser keeps the failure.
      }
    }
  } finally {
    count(-1);
  }
}

async function isServerThere(): Promise<boolean> {
  try {
    await fetch(paths.health, { cache: 'no-store' });
    return true;
  } catch {
    return false;
  }
}

async function openAnew(): Promise<void> {
  if (await isServerThere()) window.location.reload();
}

function count(by: 1 | -1): void {
  failing += by;
  for (const listener of listeners) listener();
}

function subscribe(listener: () => void): () => void {
  listeners.add(listener);
  return () => void listeners.delete(listener);
}

/** In place of a view whose script is being loaded. */
export function LoadingView() {
  const isFailing = useSyncExternalStore(subscribe, () => failing > 0);
  return isFailing ? (
    <LoadError
      problem="The Easel server cannot be reached: this part of the page is not loaded yet."
      retry={() => void openAnew()}
    />
  ) : (
    <p className="quiet centred">Loading…</p>
  );
}
