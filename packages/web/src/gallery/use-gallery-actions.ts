import type { Job } from '@easel/contract';
import type { RefObject } from 'react';
import { flushSync } from 'react-dom';
import { useAttempt } from '../session/requests.ts';
import { useSession } from '../session/session.tsx';
import { focusPicture } from './picture-wall.tsx';
import type { ListedPicture } from './pictures.ts';
import type { Gallery } from './use-gallery.ts';

/** What a user can change in the gallery, and why the last attempt failed. */
export function useGalleryActions(
  gallery: Gallery,
  wall: RefObject<HTMLElement | null>,
  onRemoved: (picture: ListedPicture) => void,
) {
  const { client } = useSession();
  const { problem, attempt } = useAttempt();
  const removePicture = async ({ job, image }: ListedPicture) => {
    const place = gallery.pictures.findIndex((each) => each.image.id === image.id);
    const next = gallery.pictures[place + 1] ?? gallery.pictures[place - 1];
    const others = job.images.filter(({ id }) => id !== image.id);
    if (others.length === 0) await client.jobs.forget(job.id);
    else await client.images.delete(image.id);
    const hadFocus =
      wall.current?.contains(document.activeElement) === true || document.activeElement === document.body;
    flushSync(() => (others.length === 0 ? gallery.remove(job) : gallery.replace({ ...job, images: others })));
    onRemoved({ job, image });
    // Keyboard users go on with the next picture.
    if (next !== undefined && hadFocus) focusPicture(wall.current, next.image.id);
  };
  return {
    problem,
    toggleFavourite: ({ job }: ListedPicture) =>
      void attempt(async () => gallery.replace(await client.jobs.change(job.id, { favourite: !job.favourite }))),
    removePicture: (picture: ListedPicture) => void attempt(() => removePicture(picture)),
    removeJob: (job: Job) =>
      void attempt(async () => {
        await client.jobs.forget(job.id);
        gallery.remove(job);
      }),
  };
}
