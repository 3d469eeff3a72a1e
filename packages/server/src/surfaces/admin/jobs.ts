import {
  type AdminJobPage,
  adminJobListQuerySchema,
  adminJobPageSchema,
  adminJobSchema,
  defaults,
  jobParamsSchema,
  paths,
} from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { cursorOf, placeOf } from '../../http/replies/cursor.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { isId } from '../../ids.ts';
import { adminJobReply } from '../../jobs/job-reply.ts';

const schema = {
  operationId: 'listAllJobs',
  tags: ['admin'],
  summary: 'The jobs of all accounts, newest first',
  security: needsKey,
  querystring: adminJobListQuerySchema,
  response: {
    200: jsonReply('A page of jobs', adminJobPageSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/admin/jobs */
export function allJobsRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.admin.jobs, { schema, onRequest: gate.key('admin') }, async (request): Promise<AdminJobPage> => {
    const { account_id, status, cursor, limit = defaults.pageLength } = request.query;
    const before = placeOf(cursor, isId) ?? undefined;
    const page = await services.jobs.list({ accountId: account_id, state: status, before, limit });
    const base = baseUrl(request, options.publicUrl);
    return { jobs: page.jobs.map((view) => adminJobReply(view, base)), next_cursor: cursorOf(page.next) };
  });
}

const cancelSchema = {
  operationId: 'cancelAnyJob',
  tags: ['admin'],
  summary: 'Cancel a job of any account that has not ended; nothing is charged for it',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The job as it is now', adminJobSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'not_found'),
  },
} as const;

/** DELETE /api/admin/jobs/:id */
export function cancelAnyJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.delete(paths.admin.anyJob, { schema: cancelSchema, onRequest: gate.key('admin') }, async (request) => {
    const { id } = await services.cancelJob.cancel(null, request.params.id);
    return adminJobReply(await services.jobs.get(null, id), baseUrl(request, options.publicUrl));
  });
}
