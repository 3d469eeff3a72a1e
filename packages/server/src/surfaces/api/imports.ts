import { importCreateSchema, type Job, jobSchema, paths } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { isForm } from '../../http/parse-bodies.ts';
import {
  bodyErrors,
  errorReplies,
  jsonReply,
  keyErrors,
  limitedReplyHeaders,
  needsKey,
} from '../../http/route-schemas.ts';
import { decodedFile } from '../../http/submit-work.ts';
import { baseUrl, callerOf, type HttpApp, problems, type RouteContext } from '../../http/surface.ts';
import { clientGone } from '../../http/wait-for-job.ts';
import { jobReply } from '../../jobs/job-views.ts';

const createSchema = {
  operationId: 'importPicture',
  tags: ['images'],
  summary: 'Import a picture file, with the generation settings in it, as a job that has succeeded; it costs nothing',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  body: importCreateSchema,
  response: {
    201: jsonReply('The job; its `imported` says what the file tells', jobSchema, limitedReplyHeaders),
    ...errorReplies(problems, ...keyErrors, ...bodyErrors, 'conflict', 'overloaded'),
  },
} as const;

/** POST /api/imports */
export function importRoute(app: HttpApp, { services, gate, options }: RouteContext): void {
  const route = {
    schema: createSchema,
    config: { isRateLimited: true },
    bodyLimit: options.bodyBytes,
    onRequest: [gate.key('generate'), gate.body('application/json', 'multipart/form-data'), gate.rateLimit],
    preValidation: withoutEmptyName,
  };
  app.post(paths.api.imports, route, async (request, reply): Promise<Job> => {
    const { accountId, keyId } = callerOf(request);
    const { image, file_name: fileName = null } = request.body;
    const file = decodedFile(image, 'image');
    const signal = clientGone(reply);
    const upload = { accountId, keyId, requestId: request.id, file, fileName, signal };
    const view = await services.importPicture(upload);
    request.jobId = view.job.id;
    const base = baseUrl(request, options.publicUrl);
    reply.code(201).header('location', `${base}${paths.api.jobs}/${view.job.id}`);
    return jobReply(view, base);
  });
}

/** A form sends its empty fields too. */
async function withoutEmptyName(request: FastifyRequest): Promise<void> {
  const { body } = request;
  if (!isForm(request) || typeof body !== 'object' || body === null) return;
  request.body = Object.fromEntries(Object.entries(body).filter(([, value]) => value !== ''));
}
