import { jobParamsSchema, jobSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { jobReply } from '../../jobs/job-reply.ts';

const schema = {
  operationId: 'getJob',
  tags: ['jobs'],
  summary: 'A job and what became of it',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The job', jobSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'not_found'),
  },
} as const;

/** GET /api/jobs/:id */
export function getJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.api.job, { schema, onRequest: gate.ownKey }, async (request) => {
    const view = await services.jobs.get(callerOf(request).accountId, request.params.id);
    return jobReply(view, baseUrl(request, options.publicUrl));
  });
}
