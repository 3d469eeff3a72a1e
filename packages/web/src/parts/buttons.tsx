import { type ComponentProps, type MouseEvent, type ReactNode, useEffect, useState } from 'react';
import { copyText } from '../browser.ts';
import { go } from '../router.ts';

/** A link within the page; with a modifier key or another button it is one like any other. */
export function Link({ href, onClick, ...rest }: ComponentProps<'a'> & { readonly href: string }) {
  const follow = (event: MouseEvent<HTMLAnchorElement>) => {
    onClick?.(event);
    const isPlain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
    if (event.defaultPrevented || !isPlain) return;
    event.preventDefault();
    go(href);
  };
  return <a href={href} onClick={follow} {...rest} />;
}

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

export interface ConfirmButtonProps extends Omit<ComponentProps<'button'>, 'onClick' | 'type'> {
  /** What it says after the first press. */
  readonly question: string;
  readonly onConfirm: () => void;
}

/** For what cannot be taken back: it asks at the first press, and acts at a second one soon after. */
export function ConfirmButton({ question, onConfirm, children, className = '', ...rest }: ConfirmButtonProps) {
  const [isAsking, setAsking] = useState(false);
  useEffect(() => {
    if (!isAsking) return undefined;
    const timer = setTimeout(() => setAsking(false), 6000);
    return () => clearTimeout(timer);
  }, [isAsking]);
  const label = rest['aria-label'];
  return (
    <button
      {...rest}
      type="button"
      className={isAsking ? `${className} asking` : className}
      {...(label !== undefined && isAsking && { 'aria-label': `${label}: ${question}` })}
      onBlur={() => setAsking(false)}
      onClick={({ detail }) => {
        if (!isAsking) setAsking(true);
        else if (detail < 2) {
          // The second half of a double click is no answer.
          setAsking(false);
          onConfirm();
        }
      }}
    >
      {isAsking ? question : children}
    </button>
  );
}
