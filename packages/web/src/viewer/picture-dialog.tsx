import type { Job } from '@easel/contract';
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

export interface PictureDialogProps extends Pick<PictureViewerProps, 'onClose' | 'onUse' | 'onMake' | 'onChange'> {
  readonly job: Job;
  readonly index: number;
  readonly onIndex: (index: number) => void;
}

/** The viewer for the pictures of one job. */
export function PictureDialog({ job, index, onIndex, ...rest }: PictureDialogProps) {
  const pictures = job.images.map((image) => ({ job, image }));
  const shown = pictures[index]?.image.id;
  if (shown === undefined) return null;
  return (
    <PictureWalk
      {...rest}
      pictures={pictures}
      shown={shown}
      onShow={({ image }) => onIndex(job.images.findIndex(({ id }) => id === image.id))}
    />
  );
}
