import { fromText, jobCreateSchema, withoutEmptyFields } from '@easel/contract';
import type { FastifyRequest } from 'fastify';
import { isForm } from '../../http/bodies/parse-bodies.ts';

/** Before validation: a form becomes the body it stands for. */
export async function readJobBody(request: FastifyRequest): Promise<void> {
  if (isForm(request)) request.body = fromText(jobCreateSchema, withoutEmptyFields(jobCreateSchema, request.body));
}
