import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteContext } from '../../http/http-app.ts';
import type { OwnedImage } from '../../pictures/job-images-port.ts';

/** A picture whose owner asked not to have it stored goes once a client has all of it. */
export function deleteWhenDelivered(
  { services }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { name, jobId, isStored }: OwnedImage,
): void {
  if (isStored) return;
  reply.raw.once('finish', () => {
    void services.images.remove(null, name).catch((error: unknown) => {
      request.log.error({ err: error, jobId }, 'a delivered picture could not be deleted');
    });
  });
}
