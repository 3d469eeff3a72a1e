import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { startEmbeddedPostgres } from '@easel/embedded-postgres';
import sharp from 'sharp';
import { openDatabase } from '../../packages/server/src/database/database.ts';
import { newId } from '../../packages/server/src/ids.ts';
import { imageFile } from '../../packages/server/src/pictures/image-folder.ts';
import { type ImageRecord, insertImages } from '../../packages/server/src/pictures/images.ts';
import type { EaselServer } from './easel-server.ts';

export interface GalleryFill {
  readonly count: number;
  /** Taken in turns. */
  readonly sizes: readonly (readonly [width: number, height: number])[];
  readonly prompt: (index: number) => string;
  /** When the newest was generated, in milliseconds since 1970. Default: a minute ago. */
  readonly newest?: number;
}

/** How many files there are of each size; the rest are links to them. */
const FILES = 4;
const MINUTE_MS = 60_000;
const AT_ONCE = 500;

/** Pictures as if they had been generated, one each minute, without the hours that it would take: the newest is number 0. */
export async function fillGallery(
  server: EaselServer,
  { count, sizes, prompt, newest = Date.now() - MINUTE_MS }: GalleryFill,
): Promise<void> {
  const files = await Promise.all(
    sizes.map(([width, height]) =>
      Promise.all(Array.from({ length: FILES }, () => writePicture(server, width, height))),
    ),
  );
  const postgres = await startEmbeddedPostgres({ dataDir: server.dataDir });
  const database = openDatabase({ address: postgres.connection, onConnectionLost: () => {} });
  try {
    const template = await database.kysely
      .selectFrom('jobs')
      .selectAll()
      .where('id', '=', await templateOf(server))
      .executeTakeFirstOrThrow();
    for (let start = 0; start < count; start += AT_ONCE) {
      const indexes = Array.from({ length: Math.min(AT_ONCE, count - start) }, (_, offset) => start + offset);
      const made = await Promise.all(
        indexes.map(async (index) => {
          const [width, height] = sizes[index % sizes.length] ?? [64, 64];
          const file = files[index % sizes.length]?.[index % FILES];
          if (file === undefined) throw new Error('there is a file for each size');
          const createdAt = new Date(newest - index * MINUTE_MS);
          const id = newId(createdAt.getTime());
          const name = randomBytes(16).toString('hex');
          await placeFile(server, name, (path) => link(file.path, path));
          const { bytes, sha256 } = file;
          const image: ImageRecord = {
            name,
            jobId: id,
            index: 0,
            format: 'png',
            width,
            height,
            bytes,
            sha256,
            seed: index,
            createdAt,
            expiresAt: null,
          };
          const request = { ...template.request, width, height, seed: index, prompt: prompt(index) };
          const job = {
            ...template,
            id,
            request,
            prompt: prompt(index),
            width,
            height,
            seed: BigInt(index),
            created_at: createdAt,
            request_id: null,
          };
          return { job, image };
        }),
      );
      await database.transaction(async (queries) => {
        await queries
          .insertInto('jobs')
          .values(made.map(({ job }) => job))
          .execute();
        await insertImages(
          queries,
          made.map(({ image }) => image),
        );
      });
    }
  } finally {
    await database.close();
    await postgres.release();
  }
}

/** The id of a job whose row the others are copies of. */
async function templateOf({ url, devKey }: EaselServer): Promise<string> {
  const headers = { 'x-api-key': devKey, 'content-type': 'application/json' };
  const body = JSON.stringify({ prompt: 'a pattern', num_inference_steps: 2, img_width: 64, img_height: 64 });
  const reply = await fetch(`${url}/api/jobs`, { method: 'POST', headers, body });
  const { id }: { readonly id: string } = JSON.parse(await reply.text());
  await fetch(`${url}/api/jobs/${id}/events`, { headers }).then((events) => events.text());
  return id;
}

interface StoredFile {
  readonly path: string;
  readonly bytes: number;
  readonly sha256: Uint8Array;
}

async function writePicture(server: EaselServer, width: number, height: number): Promise<StoredFile> {
  const file = await naturalPicture(width, height);
  const path = await placeFile(server, randomBytes(16).toString('hex'), (to) => writeFile(to, file, { mode: 0o600 }));
  return { path, bytes: file.length, sha256: createHash('sha256').update(file).digest() };
}

async function placeFile(
  { dataDir }: EaselServer,
  name: string,
  put: (path: string) => Promise<void>,
): Promise<string> {
  const path = join(dataDir, 'images', imageFile(name, 'png'));
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  await put(path);
  return path;
}

/** As hard to compress as a photo, about 2 MB at 1024²: soft shapes of several sizes, and fine grain over all. */
async function naturalPicture(width: number, height: number): Promise<Buffer> {
  const shapes = [
    [6, 150],
    [24, 60],
    [96, 24],
  ] as const;
  const layers = shapes.map(([cells, most]) =>
    noise(cells, cells, most).resize(width, height, { kernel: 'cubic', fit: 'fill' }).png().toBuffer(),
  );
  const [base, ...others] = await Promise.all([...layers, noise(width, height, 6).png().toBuffer()]);
  return sharp(base)
    .composite(others.map((input) => ({ input, blend: 'add' as const })))
    .png()
    .toBuffer();
}

function noise(width: number, height: number, most: number) {
  const pixels = randomBytes(width * height * 3).map((value) => (value * most) / 255);
  return sharp(pixels, { raw: { width, height, channels: 3 } });
}
