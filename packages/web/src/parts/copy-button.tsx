import { type MouseEvent, type ReactNode, useEffect, useState } from 'react';
import { copyText } from '../files/copy-text.ts';

/** Puts a text on the clipboard, and says that it did. */
export function CopyButton({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  const [said, setSaid] = useState<{ readonly words: string; readonly minWidth: number }>();
  useEffect(() => {
    if (said === undefined) return undefined;
    const timer = setTimeout(() => setSaid(undefined), 1500);
    return () => clearTimeout(timer);
  }, [said]);
  const copy = async ({ currentTarget: button }: MouseEvent<HTMLButtonElement>) => {
    const minWidth = button.offsetWidth; // what stands beside it stays where it is
    const isCopied = await copyText(text, button);
    setSaid({ words: isCopied ? 'copied ✓' : 'could not be copied', minWidth });
  };
  return (
    <button type="button" onClick={(event) => void copy(event)} style={{ minWidth: said?.minWidth }}>
      {children}
      <span role="status">{said === undefined ? '' : ` ${said.words}`}</span>
    </button>
  );
}
