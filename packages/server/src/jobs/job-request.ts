import type { CalledNames, FilledRequest } from '@easel/contract';

/**
 * What is to be made, every default filled in: the same whichever surface it came by, and again after a crash. The seed is drawn already where
 * −1 was sent, so that a retry makes the same picture; `image` is a name in the image store, see `StartPictures`.
 */
export type JobRequest = FilledRequest & {
  /** Other names of its fields that the client used; absent: none. */
  readonly called?: CalledNames;
};
