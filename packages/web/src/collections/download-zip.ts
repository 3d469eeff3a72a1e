import type { EaselClient } from '@easel/client';
import type { Job } from '@easel/contract';
import { saveFile } from '../files/picture-file.ts';
import { pictures } from '../format/text.ts';
import { partsOf } from './many.ts';

/** A picture and the run that it is of. */
export interface SelectedPicture {
  readonly job: Job;
  readonly image: Job['images'][number];
}

/** The most pictures in one file, as the server has it. */
const AT_MOST = 1000;

export interface ZipOptions {
  readonly signal: AbortSignal;
  readonly onProgress: (progress: string) => void;
}

/**
 * Downloads pictures as ZIP files of at most 1,000 each, with their metadata.
 *
 * @returns what was downloaded, in words
 * @throws EaselError, or the signal's reason
 */
export async function downloadZip(
  client: EaselClient,
  selected: readonly SelectedPicture[],
  { signal, onProgress }: ZipOptions,
): Promise<string> {
  const total = selected.reduce((sum, { image }) => sum + image.file_size, 0);
  const parts = partsOf(selected, AT_MOST);
  const day = new Date().toISOString().slice(0, 10);
  let received = 0;
  for (const [index, part] of parts.entries()) {
    const names = part.map(({ image }) => image.id);
    const reply = await client.images.archive(names, { signal });
    const counter = new TransformStream<Uint8Array<ArrayBuffer>, Uint8Array<ArrayBuffer>>({
      transform(chunk, controller) {
        received += chunk.length;
        onProgress(`${Math.min(99, Math.floor((100 * received) / Math.max(1, total)))} %`);
        controller.enqueue(chunk);
      },
    });
    // The browser keeps a large file on its disk, not in the page's memory.
    const file = await new Response(reply.body?.pipeThrough(counter, { signal })).blob();
    saveFile(file, `easel-${day}${parts.length > 1 ? `-${index + 1}` : ''}.zip`);
  }
  return `${pictures(selected.length)} downloaded`;
}
