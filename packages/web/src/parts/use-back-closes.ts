import { useEffect, useRef } from 'react';
import { isOverlayOpen, openOverlay } from '../router.ts';

/** What opens over a view is closed by the browser's back button, as on a phone everything is. */
export function useBackCloses(close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  useEffect(() => {
    openOverlay();
    const onBack = () => {
      if (!isOverlayOpen()) latest.current();
    };
    window.addEventListener('popstate', onBack);
    return () => {
      window.removeEventListener('popstate', onBack);
      if (isOverlayOpen()) window.history.back();
    };
  }, []);
}
