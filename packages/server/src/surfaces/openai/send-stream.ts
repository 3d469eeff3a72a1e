import { formatSize, headers, microToDecimal } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteContext } from '../../http/http-app.ts';
import { giveUp } from '../../http/requests/end-of-job.ts';
import { eventStream, eventStreamHeaders, heartbeatOf } from '../../http/streams/event-stream.ts';
import { type StreamedJob, streamEvents } from './stream-events.ts';

/** Answers with the events of a job that was taken. */
export function sendStream(
  context: RouteContext,
  request: FastifyRequest,
  reply: FastifyReply,
  streamed: Pick<StreamedJob, 'job' | 'previews' | 'patience'>,
): FastifyReply {
  const { job } = streamed;
  const onError = (error: unknown) =>
    request.log.error({ err: error, jobId: job.id }, 'a stream of pictures broke off');
  const end = (error: unknown) => giveUp(context, request, job.id, { error, patience: streamed.patience });
  const events = streamEvents(context, { ...streamed, giveUp: end, onError });
  reply
    .header(headers.cost, microToDecimal(job.price))
    .header(headers.size, formatSize(job.request))
    .headers(eventStreamHeaders);
  return reply.send(eventStream(events, { heartbeatMs: heartbeatOf(context.options), onError }));
}
