import { defaults, type JobPage, jobListQuerySchema, jobPageSchema, parseSize, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { cursorOf, placeOf } from '../../http/replies/cursor.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { callerHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { isId } from '../../ids.ts';
import { jobReply } from '../../jobs/job-reply.ts';

const schema = {
  operationId: 'listJobs',
  tags: ['jobs'],
  summary: 'The own jobs, newest first',
  security: needsKey,
  querystring: jobListQuerySchema,
  response: {
    200: jsonReply('A page of jobs', jobPageSchema, callerHeaders),
    ...errorReplies('api', ...keyErrors, 'invalid_request'),
  },
} as const;

/** GET /api/jobs */
export function listJobsRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.api.jobs, { schema, onRequest: gate.key('read') }, async (request): Promise<JobPage> => {
    const { cursor, limit = defaults.pageLength, q, model, seed, status, size, favourite } = request.query;
    const page = await services.jobs.list({
      accountId: callerOf(request).accountId,
      words: q?.split(/\s+/).filter((word) => word !== ''),
      model,
      seed,
      state: status,
      size: size === undefined ? undefined : parseSize(size),
      favourite,
      before: placeOf(cursor, isId) ?? undefined,
      limit,
    });
    const base = baseUrl(request, options.publicUrl);
    return { jobs: page.jobs.map((view) => jobReply(view, base)), next_cursor: cursorOf(page.next) };
  });
}
