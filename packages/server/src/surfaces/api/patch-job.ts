import { jobParamsSchema, jobPatchSchema, jobSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { bodyErrors, errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { jobReply } from '../../jobs/job-reply.ts';

const schema = {
  operationId: 'patchJob',
  tags: ['jobs'],
  summary: 'Mark a job as a favourite, or no longer',
  security: needsKey,
  params: jobParamsSchema,
  body: jobPatchSchema,
  response: {
    200: jsonReply('The job', jobSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** PATCH /api/jobs/:id */
export function patchJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  const onRequest = [gate.key('generate'), gate.body('application/json')];
  app.patch(paths.api.job, { schema, onRequest }, async (request) => {
    const { accountId } = callerOf(request);
    const view = await services.jobs.setFavourite(accountId, request.params.id, request.body.favourite);
    return jobReply(view, baseUrl(request, options.publicUrl));
  });
}
