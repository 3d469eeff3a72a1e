import type { JobCreate } from '@easel/contract';
import { useMemo, useRef, useState } from 'react';
import { LoadError, Notice } from '../parts/notices.tsx';
import { addressOf, go, useRoute } from '../router.ts';
import { useRuns } from '../runs/runs.tsx';
import { setPendingSettings } from '../settings/initial-settings.ts';
import type { Settings } from '../settings/settings.ts';
import { PictureWalk } from '../viewer/picture-dialog.tsx';
import { EndOfList } from './end-of-list.tsx';
import { EndedRuns } from './ended-runs.tsx';
import { type Filter, faultsOf, filterOf, isEverything, queryOf } from './filter.ts';
import { GalleryBar } from './gallery-bar.tsx';
import type { TileActions } from './picture-tile.tsx';
import { PictureWall } from './picture-wall.tsx';
import type { ListedPicture } from './pictures.ts';
import { SizeSlider, useRowHeight } from './size-slider.tsx';
import { ToTop } from './to-top.tsx';
import { type Gallery, useGallery } from './use-gallery.ts';
import { useGalleryActions } from './use-gallery-actions.ts';
import { useSelection } from './use-selection.ts';
import { useWidth } from './use-width.ts';
import '../styles/gallery.css';

/** All pictures, newest first; the address holds the search, so that it can be bookmarked. */
export function GalleryView() {
  const { query } = useRoute();
  const filter = filterOf(query);
  const isValid = Object.keys(faultsOf(filter)).length === 0;
  const [width, measure] = useWidth();
  const gallery = useGallery(isValid ? filter : null, width > 0);
  const wall = useRef<HTMLUListElement>(null);
  const selection = useSelection(gallery.pictures);
  const [shown, setShown] = useState<string>();
  const { rowHeight, sizes, choose } = useRowHeight(width);
  const changes = useGalleryActions(gallery, wall, selection.remove);
  const { use, make } = useWayToPlayground();
  const search = (change: Partial<Filter>) =>
    go(addressOf('gallery', queryOf({ ...filter, ...change })), { replace: true });
  const actions = useStable({
    onOpen: ({ image }: ListedPicture) => setShown(image.id),
    onSelect: (picture: ListedPicture, isRange: boolean) =>
      isRange ? selection.extend(picture) : selection.toggle(picture),
    onCompare: selection.compareWith,
    onFavourite: changes.toggleFavourite,
    onDelete: changes.removePicture,
  });
  const isOfPictures = filter.state === '';
  return (
    <div className="gallery-view">
      <GalleryBar filter={filter} onSearch={search} gallery={gallery} selection={selection}>
        {isOfPictures && <SizeSlider sizes={sizes} rowHeight={rowHeight} onChoose={choose} />}
      </GalleryBar>
      {changes.problem !== undefined && <Notice kind="error">{changes.problem}</Notice>}
      <div ref={measure} className={gallery.isStale ? 'of-before' : undefined} aria-busy={gallery.isStale}>
        {isOfPictures ? (
          <PictureWall
            wall={wall}
            pictures={gallery.pictures}
            width={width}
            rowHeight={rowHeight}
            total={gallery.state === 'end' ? gallery.pictures.length : -1}
            isSelected={selection.isSelected}
            actions={actions}
            onEnd={gallery.more}
          />
        ) : (
          <EndedRuns jobs={gallery.jobs} onUse={use} onDelete={changes.removeJob} />
        )}
      </div>
      <LoadError problem={gallery.problem} retry={gallery.more} />
      {isValid && <EndOfList gallery={gallery} isSearch={!isEverything(filter)} />}
      <ToTop />
      <Viewer gallery={gallery} shown={shown} onShow={setShown} onUse={use} onMake={make} />
    </div>
  );
}

interface ViewerProps {
  readonly gallery: Gallery;
  /** The `id` of the picture that is open. */
  readonly shown: string | undefined;
  readonly onShow: (id: string | undefined) => void;
  readonly onUse: (settings: Partial<Settings>) => void;
  readonly onMake: (request: JobCreate) => void;
}

function Viewer({ gallery, shown, onShow, onUse, onMake }: ViewerProps) {
  if (shown === undefined) return null;
  return (
    <PictureWalk
      pictures={gallery.pictures}
      shown={shown}
      onShow={({ image }) => onShow(image.id)}
      onClose={() => onShow(undefined)}
      onUse={onUse}
      onMake={onMake}
      onMore={gallery.state === 'end' ? undefined : gallery.more}
      onChange={(job) => (job.images.length === 0 ? gallery.remove(job) : gallery.replace(job))}
    />
  );
}

function useWayToPlayground() {
  const { start } = useRuns();
  return {
    use(settings: Partial<Settings>) {
      setPendingSettings(settings);
      go(addressOf('playground'));
    },
    make(request: JobCreate) {
      start(request);
      go(addressOf('playground'));
    },
  };
}

/** The same functions on every render, so that a picture that has not changed is not rendered again. */
function useStable(actions: TileActions): TileActions {
  const latest = useRef(actions);
  latest.current = actions;
  return useMemo(
    () => ({
      onOpen: (picture) => latest.current.onOpen(picture),
      onSelect: (picture, isRange) => latest.current.onSelect(picture, isRange),
      onCompare: (picture) => latest.current.onCompare(picture),
      onFavourite: (picture) => latest.current.onFavourite(picture),
      onDelete: (picture) => latest.current.onDelete(picture),
    }),
    [],
  );
}
