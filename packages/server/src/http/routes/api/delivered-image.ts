import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ImageRecord } from '../../../domain/ports/job-images.ts';
import type { RouteContext } from '../../http-app.ts';

/** A picture whose owner asked not to have it stored goes once a client has all of it. */
export function deleteWhenDelivered(
  { services }: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  { name, jobId }: ImageRecord,
): void {
  reply.raw.once('finish', () => {
    void deleteUnlessStored().catch((error: unknown) => {
      request.log.error({ err: error, requestId: request.id, jobId }, 'a delivered picture could not be deleted');
    });
  });

  async function deleteUnlessStored(): Promise<void> {
    const { job } = await services.jobs.get(null, jobId);
    if (!job.store) await services.images.remove(null, name);
  }
}
