import { jobParamsSchema, jobSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http-app.ts';
import { jobReply } from '../../replies/job.ts';
import { callerOf } from '../../request-state.ts';
import { baseUrl } from '../../requests/base-url.ts';
import { callerHeaders } from '../../schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../schemas/replies.ts';
import { needsKey } from '../../schemas/security.ts';

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
