import type { ReactNode } from 'react';

/** What is wider than the window scrolls by itself, also with the arrow keys. */
export function ScrollBox({ children }: { readonly children: ReactNode }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
    <div className="scroll" tabIndex={0}>
      {children}
    </div>
  );
}
