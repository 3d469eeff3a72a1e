import {
  defaults,
  fromText,
  headers,
  type JobPage,
  jobCreateSchema,
  jobListQuerySchema,
  jobPageSchema,
  jobParamsSchema,
  jobPatchSchema,
  jobSchema,
  jobStatuses,
  microToDecimal,
  parseSize,
  paths,
  withoutEmptyFields,
} from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { DomainError } from '../../domain-error.ts';
import { askedBy, modelOf, useModel } from '../../http/asked-request.ts';
import { requireDraftable } from '../../http/draft-requests.ts';
import { cursorOf, placeOf } from '../../http/paging.ts';
import { isForm } from '../../http/parse-bodies.ts';
import {
  bodyErrors,
  callerHeaders,
  errorReplies,
  jsonReply,
  keyErrors,
  needsKey,
  workErrors,
  workReplyHeaders,
} from '../../http/route-schemas.ts';
import { submitWork, workHeaders, workRoute } from '../../http/submit-work.ts';
import { baseUrl, callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { isId } from '../../ids.ts';
import { jobReply } from '../../jobs/job-views.ts';

const createSchema = {
  operationId: 'createJob',
  tags: ['jobs'],
  summary: 'Create a job that generates pictures',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  headers: workHeaders,
  body: jobCreateSchema,
  response: {
    202: jsonReply('The job was created', jobSchema, workReplyHeaders),
    ...errorReplies(problems, ...workErrors),
  },
} as const;

/** POST /api/jobs */
export function createJobRoute(app: HttpApp, context: RouteContext): void {
  const { services, options } = context;
  const route = { schema: createSchema, ...workRoute(context, { takesPictures: true, readBody: readJobBody }) };
  app.post(paths.api.jobs, route, async (request, reply) => {
    const { body } = request;
    const base = baseUrl(request, options.publicUrl);
    const card = useModel(modelOf(services, body.model), request, reply);
    const { priority, store, draft, webhook_url: url } = body;
    if (draft) requireDraftable(body);
    const webhook = url === undefined ? url : { url: services.webhooks.requireUrl(url, 'webhook_url'), baseUrl: base };
    const work = { surface: 'api', asked: askedBy(body, 'api'), card, priority, store, draft, webhook };
    const job = await submitWork(context, request, reply, work);
    const view = await services.jobs.get(callerOf(request).accountId, job.id);
    reply
      .code(202)
      .header(headers.cost, microToDecimal(job.price))
      .header('location', `${base}${paths.api.jobs}/${job.id}`);
    return jobReply(view, base);
  });
}

const listSchema = {
  operationId: 'listJobs',
  tags: ['jobs'],
  summary: 'List your jobs, newest first',
  security: needsKey,
  querystring: jobListQuerySchema,
  response: {
    200: jsonReply('A page of jobs', jobPageSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'invalid_request', 'not_found'),
  },
} as const;

/** GET /api/jobs */
export function listJobsRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.api.jobs, { schema: listSchema, onRequest: gate.key('read') }, async (request): Promise<JobPage> => {
    const { cursor, limit = defaults.pageLength, q, model, seed, status, size, favourite } = request.query;
    const { collection, has_images: hasImages, created_after: since, created_before: until } = request.query;
    const page = await services.jobs.list({
      accountId: callerOf(request).accountId,
      words: q?.split(/\s+/).filter((word) => word !== ''),
      model,
      seed,
      states: status === undefined ? undefined : jobStatuses.filter((state) => status.split(',').includes(state)),
      size: size === undefined ? undefined : parseSize(size),
      favourite,
      hasImages,
      since: momentOf('created_after', since),
      until: momentOf('created_before', until),
      collection,
      before: placeOf(cursor, isId) ?? undefined,
      limit,
    });
    const base = baseUrl(request, options.publicUrl);
    return { jobs: page.jobs.map((view) => jobReply(view, base)), next_cursor: cursorOf(page.next) };
  });
}

/** @throws DomainError `invalid_request` for a time that the format allows and no clock of ours shows, such as a leap second */
function momentOf(param: string, text: string | undefined): Date | undefined {
  if (text === undefined) return undefined;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new DomainError('invalid_request', `${param} must be a date and time such as "2026-01-31T12:00:00Z"`, {
    param,
  });
}

const getSchema = {
  operationId: 'getJob',
  tags: ['jobs'],
  summary: 'Get a job',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The job', jobSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

/** GET /api/jobs/:id */
export function getJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.get(paths.api.job, { schema: getSchema, onRequest: gate.ownKey }, async (request) => {
    const view = await services.jobs.get(callerOf(request).accountId, request.params.id);
    return jobReply(view, baseUrl(request, options.publicUrl));
  });
}

const patchSchema = {
  operationId: 'patchJob',
  tags: ['jobs'],
  summary: 'Mark a job as a favourite, or remove the mark',
  security: needsKey,
  params: jobParamsSchema,
  body: jobPatchSchema,
  response: {
    200: jsonReply('The job', jobSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'not_found'),
  },
} as const;

/** PATCH /api/jobs/:id */
export function patchJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  const onRequest = [gate.key('generate'), gate.body('application/json')];
  app.patch(paths.api.job, { schema: patchSchema, onRequest }, async (request) => {
    const { accountId } = callerOf(request);
    const view = await services.jobs.setFavourite(accountId, request.params.id, request.body.favourite);
    return jobReply(view, baseUrl(request, options.publicUrl));
  });
}

const cancelSchema = {
  operationId: 'cancelJob',
  tags: ['jobs'],
  summary: 'Cancel a queued or running job; it is not charged. A job that has ended does not change',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    200: jsonReply('The job after the request', jobSchema, callerHeaders),
    ...errorReplies(problems, ...keyErrors, 'not_found'),
  },
} as const;

/** DELETE /api/jobs/:id */
export function cancelJobRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  app.delete(paths.api.job, { schema: cancelSchema, onRequest: gate.key('generate') }, async (request) => {
    const { accountId } = callerOf(request);
    const { id } = await services.cancelJob(accountId, request.params.id);
    return jobReply(await services.jobs.get(accountId, id), baseUrl(request, options.publicUrl));
  });
}

const forgetSchema = {
  operationId: 'forgetJob',
  tags: ['jobs'],
  summary: 'Delete a job that has ended, with its pictures, prompt and record. Its charge stays in the ledger',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    204: { description: 'Deleted', type: 'null' },
    ...errorReplies(problems, ...keyErrors, 'not_found', 'conflict'),
  },
} as const;

/** DELETE /api/jobs/:id/record */
export function forgetJobRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.delete(paths.api.jobRecord, { schema: forgetSchema, onRequest: gate.key('generate') }, async (request, reply) => {
    await services.forgetJob(callerOf(request).accountId, request.params.id);
    return reply.code(204).send();
  });
}

/** Before validation: a form becomes the body it stands for. */
async function readJobBody(request: FastifyRequest): Promise<void> {
  if (isForm(request)) request.body = fromText(jobCreateSchema, withoutEmptyFields(jobCreateSchema, request.body));
}
