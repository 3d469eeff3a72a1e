import { jobParamsSchema, paths } from '@easel/contract';
import type { HttpApp, RouteContext } from '../../http/http-app.ts';
import { callerOf } from '../../http/request-state.ts';
import { errorReplies, keyErrors } from '../../http/schemas/replies.ts';
import { needsKey } from '../../http/schemas/security.ts';

const schema = {
  operationId: 'forgetJob',
  tags: ['jobs'],
  summary: 'Forget a job that has ended: its pictures, its prompt and its record. What it cost stays in the ledger',
  security: needsKey,
  params: jobParamsSchema,
  response: {
    204: { description: 'It is forgotten', type: 'null' },
    ...errorReplies('api', ...keyErrors, 'not_found', 'conflict'),
  },
} as const;

/** DELETE /api/jobs/:id/record */
export function forgetJobRoute(app: HttpApp, { services, gate }: RouteContext): void {
  app.delete(paths.api.jobRecord, { schema, onRequest: gate.key('generate') }, async (request, reply) => {
    await services.forgetJob.forget(callerOf(request).accountId, request.params.id);
    return reply.code(204).send();
  });
}
