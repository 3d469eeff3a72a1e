import { type SegmindError, segmindErrorSchema } from '@easel/contract';
import { fullText } from '@easel/errors';
import type { ErrorShape } from '../../http/surface.ts';

export const segmindErrors: ErrorShape = {
  contentType: 'application/json; charset=utf-8',
  schema: segmindErrorSchema,
  body(error, { requestId }): SegmindError {
    const { code, param } = error;
    return { error: fullText(error), code, request_id: requestId, ...(param === undefined ? {} : { param }) };
  },
};
