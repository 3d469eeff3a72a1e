import type { Job } from '@easel/contract';
import { type Filter, matches, noFilter } from './filter.ts';

/** A picture of the gallery and the run that it is of. */
export interface ListedPicture {
  readonly job: Job;
  readonly image: Job['images'][number];
}

/** The same objects for the same job, so that what has not changed is not rendered again. */
const known = new WeakMap<Job, readonly ListedPicture[]>();

function allOf(job: Job): readonly ListedPicture[] {
  const found = known.get(job) ?? job.images.map((image) => ({ job, image }));
  known.set(job, found);
  return found;
}

/** The pictures of jobs, in their order; of a search for a seed or a size only those that have it. */
export function picturesOf(jobs: readonly Job[], filter: Pick<Filter, 'seed' | 'size'>): readonly ListedPicture[] {
  const all = jobs.flatMap(allOf);
  if (filter.seed === '' && filter.size === '') return all;
  return all.filter(({ image }) => matches({ ...noFilter, ...filter }, image));
}

/** What a control that is for one picture is named after. */
export function nameOf({ job, image }: ListedPicture): string {
  const place = job.images.findIndex(({ id }) => id === image.id) + 1;
  return `picture ${place} of ${job.images.length}: ${titleOf(job)}`;
}

/** The prompt, or what an imported picture without one is known by. */
export function titleOf({ prompt, imported }: Job): string {
  if (prompt === '' && imported !== undefined) return imported.file_name ?? 'imported picture';
  return prompt ?? 'prompt not stored';
}
