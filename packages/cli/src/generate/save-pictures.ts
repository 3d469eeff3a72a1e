import { encodeImage } from '@easel/engine';
import { CodedError } from '@easel/errors';
import { type Delivery, deliverPictures } from '../output/deliver-pictures.ts';
import { readVersion } from '../version.ts';
import type { MadePictures } from './make-pictures.ts';
import { pictureParameters } from './picture-parameters.ts';
import type { PreparedRun } from './prepare-run.ts';
import type { SavedPicture } from './result-report.ts';

/** Encodes the pictures and saves all of them or none. */
export async function savePictures(run: PreparedRun, made: MadePictures, delivery: Delivery): Promise<SavedPicture[]> {
  const { quality, metadata } = run.flags;
  const version = readVersion();
  const files = await Promise.all(
    made.result.images.map((image) =>
      encodeImage(image, {
        format: run.output.format,
        ...(quality !== undefined && { quality }),
        ...(metadata && { parameters: pictureParameters(run, made, image, version) }),
      }),
    ),
  );
  const names = await deliverPictures(run.output, files, delivery);
  return made.result.images.map((image, index) => ({
    image,
    file: names[index] ?? '',
    bytes: files[index]?.length ?? 0,
  }));
}

/** The failure of a run whose names were taken by somebody else while it made its pictures; they are safe under other names. */
export function displacement(
  { output }: Pick<PreparedRun, 'output'>,
  saved: readonly Pick<SavedPicture, 'file'>[],
): CodedError | undefined {
  if (output.kind === 'stream' || !output.named) return undefined;
  const moved = saved.flatMap(({ file }, index) =>
    file === output.paths[index] ? [] : [{ wanted: output.paths[index], file }],
  );
  if (moved.length === 0) return undefined;
  const places = moved.map(
    ({ wanted, file }) => `${wanted} was created by another program in the meantime; the picture is in ${file}`,
  );
  return new CodedError('output_exists', places.join('; '));
}
