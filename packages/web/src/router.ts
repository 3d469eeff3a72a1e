import { movedPagePaths, pageParts, pagePaths, picturePagePath } from '@easel/contract';
import { useSyncExternalStore } from 'react';

export type View = keyof typeof pagePaths;

/** What the page shows: a view, one picture by itself, or that the address has none. */
export type Shown = View | 'picture' | 'nothing';

export const titles: Readonly<Record<Shown, string>> = {
  playground: 'Playground',
  gallery: 'Gallery',
  arena: 'Arena',
  console: 'Console',
  reference: 'API',
  picture: 'Picture',
  nothing: 'Not found',
};

export interface Route {
  readonly view: Shown;
  /** The part of the view, such as `jobs` of `/console/jobs`; empty: its first. */
  readonly part: string;
  readonly query: URLSearchParams;
  /** The name of the picture, if it shows one by itself. */
  readonly picture?: string;
}

const moved = 'easel:moved';

/** The current route; the browser's back and forward buttons change it, too. */
export function useRoute(): Route {
  const address = useSyncExternalStore(subscribe, shownAddress);
  const url = new URL(address, window.location.origin);
  const picture = pictureAddress.exec(url.pathname)?.[1];
  if (picture !== undefined) return { view: 'picture', part: '', query: url.searchParams, picture };
  return { ...placeOf(url.pathname), query: url.searchParams };
}

const pictureAddress = /^\/p\/([0-9a-f]{32})\/?$/;

/** @param name the `id` of the picture */
export function addressOfPicture(name: string): string {
  return picturePagePath.replace(':name', name);
}

/** The view under a dialog that has an address of its own. */
let covered: { readonly overlay: string; readonly address: string } | undefined;

function shownAddress(): string {
  return covered?.address ?? window.location.pathname + window.location.search;
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
  covered = undefined;
  window.dispatchEvent(new Event(moved));
}

/**
 * Adds an entry to the browser's history for a dialog, so that the back button closes it.
 *
 * @param address of its own; the view below stays as it is
 */
export function openOverlay(name: string, address?: string): void {
  const below = overlays();
  if (address !== undefined) covered = { overlay: name, address: shownAddress() };
  window.history.pushState({ overlay: name, below }, '', address);
}

/** Gives the uppermost dialog another address of its own. */
export function moveOverlay(name: string, address: string): void {
  if (covered?.overlay !== name || openedOverlay() !== name) return;
  window.history.replaceState(window.history.state, '', address);
}

/** The dialogs of the current entry, the uppermost first. */
function overlays(): readonly string[] {
  const state: unknown = window.history.state;
  const own = openedOverlay();
  if (typeof own !== 'string' || typeof state !== 'object' || state === null || !('below' in state)) return [];
  return [own, ...(Array.isArray(state.below) ? state.below.filter((each) => typeof each === 'string') : [])];
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
  const onPop = () => {
    if (covered !== undefined && !overlays().includes(covered.overlay)) covered = undefined;
    onChange();
  };
  window.addEventListener('popstate', onPop);
  window.addEventListener(moved, onChange);
  return () => {
    window.removeEventListener('popstate', onPop);
    window.removeEventListener(moved, onChange);
  };
}
