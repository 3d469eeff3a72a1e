import { type ComponentProps, useEffect, useState } from 'react';

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
