import { Suspense } from 'react';
import { lazyView } from '../parts/lazy-view.tsx';
import type { PictureViewerProps } from './picture-viewer.tsx';

/** Loaded when the first picture is opened. */
const LazyViewer = lazyView(() => import('./picture-viewer.tsx').then((module) => module.PictureViewer));

/** The viewer, see `PictureViewer`. */
export function PictureWalk(props: PictureViewerProps) {
  return (
    <Suspense>
      <LazyViewer {...props} />
    </Suspense>
  );
}
