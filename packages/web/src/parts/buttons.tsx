import { type ComponentProps, type MouseEvent, type ReactNode, useEffect, useState } from 'react';
import { copyText } from '../browser.ts';
import { go } from '../router.ts';

/** A link within the page; with a modifier key or another mouse button it behaves like any other link. */
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

/** Copies a text to the clipboard, and confirms it. */
export function CopyButton({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  return <ConfirmedButton act={(button) => copyText(text, button)}>{children}</ConfirmedButton>;
}

export interface ConfirmedButtonProps {
  /** Copies something. @returns whether it was copied */
  readonly act: (button: HTMLElement) => Promise<boolean>;
  readonly children: ReactNode;
}

/** Says beside its name whether what it copies was copied. */
export function ConfirmedButton({ act, children }: ConfirmedButtonProps) {
  const [result, setResult] = useState<{ readonly words: string; readonly minWidth: number }>();
  useEffect(() => {
    if (result === undefined) return undefined;
    const timer = setTimeout(() => setResult(undefined), 1500);
    return () => clearTimeout(timer);
  }, [result]);
  const copy = async ({ currentTarget: button }: MouseEvent<HTMLButtonElement>) => {
    const minWidth = button.offsetWidth; // keeps its neighbours in place
    const isCopied = await act(button);
    setResult({ words: isCopied ? 'copied ✓' : 'copy failed', minWidth });
  };
  return (
    <button type="button" onClick={(event) => void copy(event)} style={{ minWidth: result?.minWidth }}>
      {children}
      <span role="status">{result === undefined ? '' : ` ${result.words}`}</span>
    </button>
  );
}

export interface ConfirmButtonProps extends Omit<ComponentProps<'button'>, 'onClick' | 'type'> {
  /** Its label after the first click. */
  readonly question: string;
  readonly onConfirm: () => void;
}

/** For what cannot be undone: asks on the first click, acts on a second one soon after. */
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
          // The second half of a double click does not confirm.
          setAsking(false);
          onConfirm();
        }
      }}
    >
      {isAsking ? question : children}
    </button>
  );
}
