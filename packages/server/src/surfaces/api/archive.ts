import { Readable } from 'node:stream';
import { archiveCreateSchema, type Job, paths } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Type } from 'typebox';
import { DomainError } from '../../domain-error.ts';
import { bodyErrors, errorReplies, keyErrors, needsKey } from '../../http/route-schemas.ts';
import { baseUrl, callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { clientGone } from '../../http/wait-for-job.ts';
import { whenClosed } from '../../http/when-closed.ts';
import { jobReply, type OwnPicture } from '../../jobs/job-views.ts';
import { archiveNames } from '../../pictures/archive-names.ts';
import { imageReply } from '../../pictures/images.ts';
import { type ZipFile, zipOf } from '../../pictures/zip.ts';
import { Room } from '../../room.ts';

/** Each keeps a picture in memory and the image store busy. */
const archiveRoom = {
  capacity: 4,
  capacityPerOwner: 1,
  patienceMs: 30_000,
  refusal: 'too many ZIP files are being made',
  // Who reads slowly makes room when others wait.
  stayMs: 300_000,
};

const createSchema = {
  operationId: 'createArchive',
  tags: ['images'],
  summary: 'Download pictures of your own as one ZIP file, with `metadata.json`',
  security: needsKey,
  body: archiveCreateSchema,
  response: {
    200: {
      description:
        'The ZIP file. `metadata.json`, its last entry, has the job of each picture, and names those that were deleted meanwhile',
      content: {
        'application/zip': { schema: Type.String({ format: 'binary', description: 'The ZIP file' }) },
      },
    },
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'overloaded'),
  },
} as const;

/** POST /api/images.zip */
export function archiveRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  const room = new Room(archiveRoom);
  const onRequest = [gate.ownKey, gate.body('application/json')];
  app.post(paths.api.archive, { schema: createSchema, onRequest }, async (request, reply) => {
    const { accountId } = callerOf(request);
    const pictures = await services.jobs.ofImages(accountId, [...new Set(request.body.images)]);
    const base = baseUrl(request, options.publicUrl);
    const leave = await room.enter(accountId, 1, {
      signal: clientGone(reply),
      onCrowded: () => reply.raw.destroy(),
    });
    whenClosed(reply.raw, leave);
    const files = filesOf(pictures, base, (name) => services.images.read(name));
    return send(request, reply, files);
  });
}

function send(request: FastifyRequest, reply: FastifyReply, files: AsyncIterable<ZipFile>): FastifyReply {
  const day = new Date().toISOString().slice(0, 10);
  const stream = Readable.from(zipOf(files), { objectMode: false });
  stream.once('error', (error) => request.log.error({ err: error }, 'a ZIP file ended before its last picture'));
  return reply
    .headers({
      'content-type': 'application/zip',
      'content-disposition': `attachment; filename="easel-${day}.zip"`,
      'cache-control': 'no-store',
      'x-content-type-options': 'nosniff',
    })
    .send(stream);
}

/** What metadata.json has of a picture. */
interface Described {
  readonly file: string;
  readonly id: string;
  readonly seed: number;
  readonly width: number;
  readonly height: number;
  readonly job: Omit<Job, 'images'>;
}

/** @throws DomainError `overloaded` while the store is away */
async function* filesOf(
  pictures: readonly OwnPicture[],
  base: string,
  read: (name: string) => Promise<Uint8Array>,
): AsyncGenerator<ZipFile, void> {
  const described: Described[] = [];
  const leftOut: { readonly id: string; readonly reason: string }[] = [];
  for (const [index, name] of archiveNames(pictures).entries()) {
    const picture = pictures[index];
    if (picture === undefined) continue;
    const { image } = picture;
    const bytes = await read(image.name).catch((error: unknown) => {
      // Deleted since the request was checked, or damaged: the others are worth having.
      if (!(error instanceof DomainError) || error.code !== 'not_found') throw error;
      leftOut.push({ id: image.name, reason: error.message });
    });
    if (bytes === undefined) continue;
    described.push(describe(picture, name, base));
    yield { name, bytes, modified: image.createdAt };
  }
  const metadata = { pictures: described, left_out: leftOut };
  yield {
    name: 'metadata.json',
    bytes: Buffer.from(`${JSON.stringify(metadata, null, 2)}\n`),
    modified: new Date(),
  };
}

function describe({ image, job }: OwnPicture, file: string, base: string): Described {
  const { id, seed, width, height } = imageReply(image, base);
  // Archives are passed on: the address of a webhook may have a secret in it, and that of the start image shows one more picture to anybody.
  const whole = jobReply({ job, images: [], outlook: null }, base);
  const { images: _, webhook_url: _own, start_image: _start, ...told } = whole;
  return { file, id, seed, width, height, job: told };
}
