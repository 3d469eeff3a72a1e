import {
  headers,
  ignoredFieldsHeader,
  lenientSegmindBody,
  segmindRequestSchema,
  withoutEmptyFields,
} from '@easel/contract';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { isForm } from '../../http/bodies/parse-bodies.ts';

/** Before validation: what old clients and forms send becomes what the schema asks for. */
export async function readSegmindBody(request: FastifyRequest, reply: FastifyReply): Promise<void> {
  const sent = isForm(request) ? withoutEmptyFields(segmindRequestSchema, request.body) : request.body;
  const { body, ignored } = lenientSegmindBody(sent);
  request.body = body;
  if (ignored.length > 0) reply.header(headers.ignoredFields, ignoredFieldsHeader(ignored));
}
