import { randomUUID } from 'node:crypto';
import type { EaselClient, Picture } from '@easel/client';
import type { Job, JobCreate, JobEvent } from '@easel/contract';
import { decodeImage } from '@easel/engine';
import { duration } from '../progress/duration.ts';
import type { Progress } from '../progress/progress.ts';
import { PreviewFeed } from './preview.ts';

export interface JobWatching {
  readonly signal: AbortSignal;
  readonly progress: Progress;
  readonly previews: PreviewFeed | undefined;
}

export interface DoneJob {
  readonly job: Job;
  /** The files as the server has them, in the order of the seeds. */
  readonly pictures: readonly Picture[];
}

/** Has the pictures made by a server and fetches their files; an abort cancels the job. */
export async function runJob(
  client: EaselClient,
  body: JobCreate,
  { signal, progress, previews }: JobWatching,
): Promise<DoneJob> {
  progress.begin('sending the job');
  const began = performance.now();
  const samples = body.samples ?? 1;
  const sent = previews && sentPreviews(previews);
  const onEvent = (event: JobEvent) => {
    if (event.event === 'queued') progress.begin(queuedText(event.data));
    if (event.event === 'started') progress.begin('reading the prompt');
    if (event.event !== 'step') return;
    const { index, total, sigma, eta, preview } = event.data;
    const elapsedMs = performance.now() - began;
    const sample = Math.floor(((index - 1) * samples) / total);
    progress.step({ index, total, sample, sigma, elapsedMs, etaMs: (eta ?? 0) * 1000 });
    if (preview !== undefined) sent?.update(preview);
  };
  try {
    // With a key of its own the job can be sent again after a lost reply, and is made and charged once.
    const job = await client.jobs.run(body, { signal, onEvent, idempotencyKey: randomUUID() });
    const pictures = await Promise.all(job.images.map(({ id }) => client.images.get(id, { signal })));
    return { job, pictures };
  } finally {
    // A preview that is still being drawn would come back after its file was removed.
    await sent?.settled();
  }
}

function queuedText({ position, eta }: { readonly position: number; readonly eta: number | null }): string {
  const wait = eta === null ? '' : `, about ${duration(eta * 1000)} to the end`;
  return position === 0 ? `next in the queue${wait}` : `${position} before it in the queue${wait}`;
}

/** Takes previews as data URLs, and decodes those that are shown. */
function sentPreviews(previews: PreviewFeed): PreviewFeed<string> {
  return new PreviewFeed(async (dataUrl) => {
    previews.update(await decodeImage(Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64')));
    await previews.settled();
  });
}
