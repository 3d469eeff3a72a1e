import { useEffect, useRef } from 'react';

/** What opens over a view is closed by the browser's back button, as on a phone everything is. */
export function useBackCloses(close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    window.history.pushState({ isOverlay: true }, '');
    const onBack = () => {
      if (!isOverlay(window.history.state)) latest.current();
    };
    window.addEventListener('popstate', onBack);
    return () => {
      window.removeEventListener('popstate', onBack);
      if (isOverlay(window.history.state)) window.history.back();
    };
  }, []);
}

function isOverlay(state: unknown): boolean {
  return typeof state === 'object' && state !== null && 'isOverlay' in state;
}
