import { randomUUID } from 'node:crypto';
import type { EaselClient, Picture } from '@easel/client';
import type { Job, JobCreate, JobEvent } from '@easel/contract';
import { pictureFields } from '@easel/contract/fields';
import { decodeImage } from '@easel/engine';
import type { CommandContext } from '../cli-context.ts';
import { connect } from '../connect.ts';
import { optionName } from '../options.ts';
import { formatDuration } from '../text.ts';
import type { Backend, MadePictures, MakeOptions, TruncatedText } from './backend.ts';
import { buildJob } from './build-job.ts';
import type { GenerateFlags } from './flags.ts';
import { PreviewFeed } from './preview.ts';
import { readStartBase64 } from './start-files.ts';

/** Long enough to cancel the job on the server. */
const CANCEL_TIMEOUT_MS = 3000;

/** Has the pictures made by a server; an abort cancels the job. */
export async function openRemoteBackend(flags: GenerateFlags, context: CommandContext): Promise<Backend> {
  const { client, baseUrl } = await connect(flags, context, ['EASEL_API_KEY']);
  const start = await readStartBase64(flags);
  return {
    async start() {
      context.interruption.allow(CANCEL_TIMEOUT_MS);
      return {
        async make({ prompt, seeds, output }, options) {
          const { flags: own } = options;
          const preview = own.preview === true;
          const body = buildJob({ prompt, flags: own, seed: seeds[0], format: output.format, start, preview });
          const done = await runJob(client, body, options);
          return describeJob(done, baseUrl, client.remainingCredits);
        },
        async [Symbol.asyncDispose]() {},
      };
    },
  };
}

interface DoneJob {
  readonly job: Job;
  /** The files as the server has them, in the order of the seeds. */
  readonly pictures: readonly Picture[];
}

async function runJob(
  client: EaselClient,
  body: JobCreate,
  { signal, progress, previews }: MakeOptions,
): Promise<DoneJob> {
  progress.begin('sending the job');
  const began = performance.now();
  const samples = body.samples ?? 1;
  const decoded = previews && decodePreviews(previews);
  const onEvent = (event: JobEvent) => {
    if (event.event === 'queued') progress.begin(describeQueue(event.data));
    if (event.event === 'started') progress.begin('reading the prompt');
    if (event.event !== 'step') return;
    const { index, total, sigma, eta, preview } = event.data;
    const elapsedMs = performance.now() - began;
    const sample = Math.floor(((index - 1) * samples) / total);
    progress.step({ index, total, sample, sigma, elapsedMs, etaMs: (eta ?? 0) * 1000 });
    if (preview !== undefined) decoded?.update(preview);
  };
  try {
    // With an idempotency key the job can be sent again after a lost reply, and is made and charged once.
    const job = await client.jobs.run(body, { signal, onEvent, idempotencyKey: randomUUID() });
    const pictures = await Promise.all(job.images.map(({ id }) => client.images.get(id, { signal })));
    return { job, pictures };
  } finally {
    // A preview that is still being drawn would reappear after its file was removed.
    await decoded?.settled();
  }
}

function describeQueue({ position, eta }: { readonly position: number; readonly eta: number | null }): string {
  const wait = eta === null ? '' : `, about ${formatDuration(eta * 1000)} left`;
  const place = position === 0 ? 'next in the queue' : `${position} ${position === 1 ? 'job' : 'jobs'} ahead`;
  return `queued: ${place}${wait}`;
}

/** Takes previews as data URLs, and decodes only those that are shown. */
function decodePreviews(previews: PreviewFeed): PreviewFeed<string> {
  return new PreviewFeed(async (dataUrl) => {
    previews.update(await decodeImage(Buffer.from(dataUrl.slice(dataUrl.indexOf(',') + 1), 'base64')));
    await previews.settled();
  });
}

/** The fields that the command line calls something else. */
const truncatedFields = { prompt: 'prompt', prompt_2: 'prompt2', negative_prompt: 'negativePrompt' } as const;

function isTruncatedField(name: string): name is keyof typeof truncatedFields {
  return Object.hasOwn(truncatedFields, name);
}

/** What the server's model does not see of the texts, with the style around them. */
function truncatedTexts({ notes }: Job): TruncatedText[] {
  return notes.flatMap(({ code, field = '', text = '' }) =>
    code === 'truncated' && isTruncatedField(field) ? [{ field: truncatedFields[field], text }] : [],
  );
}

/** Of a field without effect, with the options of the command line instead of the fields of the API. */
function inOptionNames(message: string): string {
  const { negativePrompt, guidanceRescale, guidanceScale } = pictureFields;
  return [negativePrompt, guidanceRescale, guidanceScale].reduce(
    (text, field) => text.replaceAll(field.wire.name, optionName(field)),
    message,
  );
}

function describeJob({ job, pictures }: DoneJob, server: string, remainingCredits: number | undefined): MadePictures {
  return {
    pictures: job.images.map(({ seed, width, height, url }, index) => {
      const bytes = pictures[index]?.bytes ?? new Uint8Array();
      return { seed, width, height, bytes, decode: () => decodeImage(bytes), more: { url } };
    }),
    used: {
      width: job.img_width,
      height: job.img_height,
      steps: job.num_inference_steps,
      guidanceScale: job.guidance_scale,
      scheduler: job.scheduler,
      profile: job.profile,
      ...(job.upscale !== null && { upscale: job.upscale }),
      ...(job.upscaler !== null && { upscaler: job.upscaler }),
      ...(job.device !== null && { device: job.device }),
      ...(job.arithmetic !== undefined && { arithmetic: job.arithmetic }),
      ...(job.strength !== null && { strength: job.strength }),
    },
    truncated: truncatedTexts(job),
    // The others are found here, too.
    warnings: job.notes.flatMap(({ code, message }) => {
      if (code === 'no_effect') return [inOptionNames(message)];
      return code === 'lora' || code === 'model' ? [message] : [];
    }),
    cost: `${job.price} credits${remainingCredits === undefined ? '' : ` (${remainingCredits} left)`}`,
    timings: {},
    more: { model: { name: job.model, server }, job: job.id, price: job.price, remainingCredits },
  };
}
