import { useSyncExternalStore } from 'react';

/** The way back up, once one has scrolled further than a window. */
export function ToTop() {
  const isFar = useSyncExternalStore(subscribe, () => window.scrollY > window.innerHeight);
  if (!isFar) return null;
  return (
    <button type="button" className="to-top card" onClick={() => window.scrollTo({ top: 0 })}>
      <span aria-hidden="true">↑</span> To the top
    </button>
  );
}

function subscribe(onChange: () => void): () => void {
  window.addEventListener('scroll', onChange, { passive: true });
  return () => window.removeEventListener('scroll', onChange);
}
