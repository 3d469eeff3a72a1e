import { jobParamsSchema, jobSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { jobReply } from '../../jobs/job-reply.ts';

const schema = {
  operationId: 'cancelJob',
  tags: ['jobs'],
  summary: 'Cancel a job that has not ended; nothing is charged for it. One that has ended is left as it is',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The job as it is now', jobSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'not_found'),
  },
} as const;

/** DELETE /api/jobs/:id */
export function cancelJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.delete(paths.api.job, { schema, onRequest: gate.key('generate') }, async (request) => {
    const { accountId } = callerOf(request);
    const { id } = await services.cancelJob.cancel(accountId, request.params.id);
    return jobReply(await services.jobs.get(accountId, id), baseUrl(request, options.publicUrl));
  });
}
