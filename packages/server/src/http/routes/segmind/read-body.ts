import { headers, ignoredFieldsHeader, lenientSegmindBody } from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { RouteContext } from '../../http-app.ts';
import { formFields } from '../../requests/form-fields.ts';

/** Before validation: a form becomes the body it stands for, and what old clients send becomes what the schema asks for. */
export function readSegmindBody({ options }: RouteContext) {
  return async (request: FastifyRequest, reply: FastifyReply): Promise<void> => {
    const sent = request.isMultipart() ? await formFields(request, options.bodyBytes) : request.body;
    const { body, ignored } = lenientSegmindBody(sent);
    request.body = body;
    if (ignored.length > 0) reply.header(headers.ignoredFields, ignoredFieldsHeader(ignored));
  };
}
