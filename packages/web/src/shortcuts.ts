import { useEffect, useRef } from 'react';

export interface Shortcut {
  /** Where it works. */
  readonly place: 'Everywhere' | 'Playground' | 'Picture' | 'Gallery' | 'Arena';
  /** As `KeyboardEvent.key`; any of them. */
  readonly keys: readonly string[];
  /** With Ctrl, or ⌘ on a Mac. */
  readonly isCommand?: boolean;
  readonly does: string;
}

/** Every key of the page: the handlers compare with this table, and the list that "?" opens is made from it. */
export const shortcuts = {
  help: { place: 'Everywhere', keys: ['?'], does: 'Show this list' },
  close: { place: 'Everywhere', keys: ['Escape'], does: 'Close a dialog' },
  generate: { place: 'Playground', keys: ['Enter'], does: 'In the prompt: generate, once however long it is held' },
  generateLines: {
    place: 'Playground',
    keys: ['Enter'],
    isCommand: true,
    does: 'In prompts by line: generate all of them',
  },
  lineBreak: { place: 'Playground', keys: ['Shift+Enter'], does: 'In the prompt: start a new line' },
  newerRun: { place: 'Playground', keys: ['ArrowUp', 'ArrowLeft'], does: 'In the strip of runs: the newer one' },
  olderRun: { place: 'Playground', keys: ['ArrowDown', 'ArrowRight'], does: 'In the strip of runs: the older one' },
  newestRun: { place: 'Playground', keys: ['Home'], does: 'In the strip of runs: the newest' },
  oldestRun: { place: 'Playground', keys: ['End'], does: 'In the strip of runs: the oldest' },
  weighMore: {
    place: 'Playground',
    keys: ['ArrowUp'],
    isCommand: true,
    does: 'In a prompt: more weight for the selected words',
  },
  weighLess: {
    place: 'Playground',
    keys: ['ArrowDown'],
    isCommand: true,
    does: 'In a prompt: less weight for the selected words',
  },
  previousPicture: { place: 'Picture', keys: ['ArrowLeft'], does: 'Previous picture' },
  nextPicture: { place: 'Picture', keys: ['ArrowRight'], does: 'Next picture' },
  firstPicture: { place: 'Picture', keys: ['Home'], does: 'First picture' },
  lastPicture: { place: 'Picture', keys: ['End'], does: 'Last picture' },
  zoomIn: { place: 'Picture', keys: ['+', '='], does: 'Zoom in' },
  zoomOut: { place: 'Picture', keys: ['-'], does: 'Zoom out' },
  wholePicture: { place: 'Picture', keys: ['0'], does: 'Show the whole picture' },
  details: { place: 'Picture', keys: ['i'], does: 'Show or hide the details' },
  moveLeft: { place: 'Picture', keys: ['ArrowLeft'], does: 'In an enlarged picture: to the left' },
  moveRight: { place: 'Picture', keys: ['ArrowRight'], does: 'In an enlarged picture: to the right' },
  moveUp: { place: 'Picture', keys: ['ArrowUp'], does: 'In an enlarged picture: up' },
  moveDown: { place: 'Picture', keys: ['ArrowDown'], does: 'In an enlarged picture: down' },
  galleryLeft: { place: 'Gallery', keys: ['ArrowLeft'], does: 'The picture on the left' },
  galleryRight: { place: 'Gallery', keys: ['ArrowRight'], does: 'The picture on the right' },
  galleryUp: { place: 'Gallery', keys: ['ArrowUp'], does: 'The picture above' },
  galleryDown: { place: 'Gallery', keys: ['ArrowDown'], does: 'The picture below' },
  galleryFirst: { place: 'Gallery', keys: ['Home'], does: 'The newest picture' },
  galleryLast: { place: 'Gallery', keys: ['End'], does: 'The last picture that is loaded' },
  galleryOpen: { place: 'Gallery', keys: ['Enter'], does: 'Open the picture' },
  selectAll: { place: 'Gallery', keys: ['a'], isCommand: true, does: 'Select all pictures that are loaded' },
  clearSelection: { place: 'Gallery', keys: ['Escape'], does: 'Clear the selection' },
  voteLeft: { place: 'Arena', keys: ['ArrowLeft'], does: 'Left is better' },
  voteRight: { place: 'Arena', keys: ['ArrowRight'], does: 'Right is better' },
  voteTie: { place: 'Arena', keys: ['='], does: 'No difference' },
} as const satisfies Readonly<Record<string, Shortcut>>;

export type ShortcutName = keyof typeof shortcuts;

export const shortcutNames: readonly ShortcutName[] = Object.keys(shortcuts).filter(isName);

type Pressed = Pick<KeyboardEvent, 'key' | 'altKey' | 'ctrlKey' | 'metaKey'>;

export function isShortcut({ key, altKey, ctrlKey, metaKey }: Pressed, name: ShortcutName): boolean {
  const { keys, isCommand = false }: Shortcut = shortcuts[name];
  return keys.includes(key) && !altKey && (ctrlKey || metaKey) === isCommand;
}

/** Whether the keys belong to a field that is being filled in, or to an open dialog. */
function isKeyTaken({ target }: Pick<KeyboardEvent, 'target'>): boolean {
  const isTyping =
    target instanceof HTMLElement && target.closest('input, textarea, select, [contenteditable="true"]') !== null;
  return isTyping || document.querySelector('dialog[open]') !== null;
}

/** Calls the handlers of these keys, once however long they are held, unless somebody is typing or a dialog is open. */
export function useShortcuts(handlers: Partial<Readonly<Record<ShortcutName, () => void>>>): void {
  const latest = useRef(handlers);
  latest.current = handlers;
  useEffect(() => {
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.repeat || isKeyTaken(event)) return;
      for (const [name, act] of Object.entries(latest.current)) {
        if (!isName(name) || !isShortcut(event, name)) continue;
        event.preventDefault();
        act();
        return;
      }
    };
    window.addEventListener('keydown', onKey);
    return () => window.removeEventListener('keydown', onKey);
  }, []);
}

function isName(name: string): name is ShortcutName {
  return Object.hasOwn(shortcuts, name);
}
