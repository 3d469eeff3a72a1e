import { fromText, jobCreateSchema } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import type { RouteContext } from '../../http-app.ts';
import { formFields } from '../../requests/form-fields.ts';

/** Before validation: a form becomes the body it stands for. */
export function readJobBody({ options }: RouteContext) {
  return async (request: FastifyRequest): Promise<void> => {
    if (!request.isMultipart()) return;
    request.body = fromText(jobCreateSchema, await formFields(request, options.bodyBytes));
  };
}
