import { movedPagePaths, pageParts, pagePaths } from '@easel/contract';
import { useSyncExternalStore } from 'react';

export type View = keyof typeof pagePaths;

/** What the page shows: a view, or that the address has none. */
export type Shown = View | 'nothing';

export const titles: Readonly<Record<Shown, string>> = {
  playground: 'Playground',
  gallery: 'Gallery',
  arena: 'Arena',
  console: 'Console',
  reference: 'API',
  nothing: 'Not found',
};

export interface Route {
  readonly view: Shown;
  /** The part of the view, such as `jobs` of `/console/jobs`; empty: its first. */
  readonly part: string;
  readonly query: URLSearchParams;
}

const moved = 'easel:moved';

/** The current route; the browser's back and forward buttons change it, too. */
export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, () => window.location.pathname + window.location.search);
  const url = new URL(address, window.location.origin);
  return { ...placeOf(url.pathname), query: url.searchParams };
}

export function addressOf(view: View, query: Readonly<Record<string, string>> = {}, part = ''): string {
  const search = new URLSearchParams(query).toString();
  const path = part === '' ? pagePaths[view] : `${pagePaths[view]}/${part}`;
  return search === '' ? path : `${path}?${search}`;
}

/** Navigates without reloading the document. A dialog that is open over the current view is dropped from the browser's history. */
export function go(address: string, { replace = false } = {}): void {
  // A link to the current address scrolls to the top.
  if (address === window.location.pathname + window.location.search) window.scrollTo({ top: 0 });
  if (replace || openedOverlay() !== undefined) window.history.replaceState(null, '', address);
  else window.history.pushState(null, '', address);
  window.dispatchEvent(new Event(moved));
}

/** Adds an entry to the browser's history for a dialog, so that the back button closes it. */
export function openOverlay(name: string): void {
  window.history.pushState({ overlay: name }, '');
}

/** The name of the dialog of the current entry in the browser's history, whether or not it has been closed since. */
export function openedOverlay(): unknown {
  const state: unknown = window.history.state;
  return typeof state === 'object' && state !== null && 'overlay' in state ? state.overlay : undefined;
}

function placeOf(address: string): Pick<Route, 'view' | 'part'> {
  const plain = address.replace(/\/+$/, '') || '/';
  const path = movedPagePaths[plain] ?? plain;
  for (const [view, own] of Object.entries(pagePaths)) {
    if (!isView(view)) continue;
    if (own === path) return { view, part: '' };
    const parts: readonly string[] = view === 'arena' || view === 'console' ? pageParts[view] : [];
    const part = parts.find((each) => `${own}/${each}` === path);
    if (part !== undefined) return { view, part };
  }
  return { view: 'nothing', part: '' };
}

function isView(name: string): name is View {
  return Object.hasOwn(pagePaths, name);
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('popstate', onChange);
  window.addEventListener(moved, onChange);
  return () => {
    window.removeEventListener('popstate', onChange);
    window.removeEventListener(moved, onChange);
  };
}
