import { type ReactNode, useState } from 'react';

/** Puts a text on the clipboard, and says that it did. */
export function CopyButton({ text, children }: { readonly text: string; readonly children: ReactNode }) {
  const [said, setSaid] = useState<string>();
  const copy = () => {
    navigator.clipboard.writeText(text).then(
      () => setSaid('copied'),
      () => setSaid('the browser refused'),
    );
    setTimeout(() => setSaid(undefined), 1500);
  };
  return (
    <button type="button" onClick={copy}>
      {said ?? children}
    </button>
  );
}
