import { withoutNulls } from '@easel/contract';
import type { FastifyRequest } from 'fastify';

/** Before validation: for the official clients null means absent. */
export async function readOpenaiBody(request: FastifyRequest): Promise<void> {
  request.body = withoutNulls(request.body);
}
