import {
  type CancelledJobs,
  cancelledJobsSchema,
  type JobMove,
  type JobOrder,
  jobMoveSchema,
  jobOrderSchema,
  jobParamsSchema,
  jobsCancelSchema,
  paths,
} from '@easel/contract';
import { DomainError } from '../../domain-error.ts';
import {
  bodyErrors,
  callerHeaders,
  errorReplies,
  jsonReply,
  keyErrors,
  limitedReplyHeaders,
  needsKey,
} from '../../http/route-schemas.ts';
import { callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import type { Place } from '../../jobs/own-queue.ts';

const cancelSchema = {
  operationId: 'cancelJobs',
  tags: ['jobs'],
  summary: 'Cancel all your unfinished jobs; they are not charged',
  security: needsKey,
  body: jobsCancelSchema,
  response: {
    200: jsonReply('How many were cancelled', cancelledJobsSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors),
  },
} as const;

const moveSchema = {
  operationId: 'moveJob',
  tags: ['jobs'],
  summary: 'Move a queued job among your own; jobs of other accounts start neither earlier nor later for it',
  security: needsKey,
  params: jobParamsSchema,
  body: jobMoveSchema,
  response: {
    200: jsonReply('The new order', jobOrderSchema, limitedReplyHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found', 'conflict'),
  },
} as const;

/** POST /api/jobs/cancel and /api/jobs/:id/move: an account's own queue. A move may change all of it, so moves count as new jobs do. */
export function ownQueueRoutes(app: HttpApp, { services, gate }: RouteContext): void {
  const onRequest = [gate.key('generate'), gate.body('application/json')];
  app.post(paths.api.cancelJobs, { schema: cancelSchema, onRequest }, async (request): Promise<CancelledJobs> => {
    return { cancelled: await services.cancelJobs(callerOf(request).accountId, request.body.status) };
  });
  const moving = { schema: moveSchema, config: { isRateLimited: true }, onRequest: [...onRequest, gate.rateLimit] };
  app.post(paths.api.moveJob, moving, async (request): Promise<JobOrder> => {
    const { accountId } = callerOf(request);
    return { jobs: [...(await services.moveJob(accountId, request.params.id, placeOf(request.body)))] };
  });
}

/** @throws DomainError `invalid_request` */
function placeOf({ to, before }: JobMove): Place {
  if (to !== undefined && before === undefined) return to;
  if (to === undefined && before !== undefined) return { before };
  throw new DomainError('invalid_request', 'name one of to and before', { param: to === undefined ? 'to' : 'before' });
}
