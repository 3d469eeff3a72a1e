import { useEffect, useRef } from 'react';
import { randomId } from '../format/random-id.ts';
import { openedOverlay, openOverlay } from '../router.ts';

/** What opens over a view is closed by the browser's back button, as on a phone everything is. */
export function useBackCloses(close: () => void): void {
  const latest = useRef(close);
  latest.current = close;
  const own = useRef<string>(undefined);
  const leaving = useRef<ReturnType<typeof setTimeout>>(undefined);
  useEffect(() => {
    clearTimeout(leaving.current);
    if (own.current === undefined) {
      own.current = randomId();
      openOverlay(own.current);
    }
    const onBack = () => {
      if (openedOverlay() !== own.current) latest.current();
    };
    window.addEventListener('popstate', onBack);
    return () => {
      window.removeEventListener('popstate', onBack);
      // Later, because React may take an effect back only to do it again.
      leaving.current = setTimeout(() => {
        if (openedOverlay() === own.current) window.history.back();
      });
    };
  }, []);
}
