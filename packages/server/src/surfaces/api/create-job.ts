import { headers, jobCreateSchema, jobSchema, microToDecimal, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { baseUrl } from '../../http/requests/base-url.ts';
import { workHeaders } from '../../http/requests/idempotency.ts';
import { modelOf, useModel } from '../../http/requests/model-of.ts';
import { submitWork } from '../../http/requests/submit-work.ts';
import { workReplyHeaders } from '../../http/schemas/headers.ts';
import { errorReplies, jsonReply, workErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';
import { jobReply } from '../../jobs/job-reply.ts';
import { readJobBody } from './read-body.ts';

const schema = {
  operationId: 'createJob',
  tags: ['jobs'],
  summary: 'Have pictures made',
  security: needsKey,
  consumes: ['application/json', 'multipart/form-data'],
  headers: workHeaders,
  body: jobCreateSchema,
  response: {
    202: jsonReply('The job was taken', jobSchema, workReplyHeaders),
    ...errorReplies('api', ...workErrors),
  },
} as const;

/** POST /api/jobs */
export function createJobRoute(app: HttpApp, context: RouteContext): void {
  const { services, gate, options } = context;
  const onRequest = [gate.key('generate'), gate.body('application/json', 'multipart/form-data'), gate.rateLimit];
  const route = { schema, bodyLimit: options.bodyBytes, onRequest, preValidation: readJobBody };
  app.post(paths.api.jobs, route, async (request, reply) => {
    const { body } = request;
    const base = baseUrl(request, options.publicUrl);
    const card = useModel(modelOf(services, body.model), request, reply);
    const { priority, store } = body;
    const job = await submitWork(context, request, reply, { surface: 'api', body, card, priority, store });
    const view = await services.jobs.get(callerOf(request).accountId, job.id);
    reply
      .code(202)
      .header(headers.cost, microToDecimal(job.price))
      .header('location', `${base}${paths.api.jobs}/${job.id}`);
    return jobReply(view, base);
  });
}
