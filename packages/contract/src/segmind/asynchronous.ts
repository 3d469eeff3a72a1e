import { type Static, Type } from 'typebox';
import { url, uuid } from '../schema/common-fields.ts';
import { choice, count, openObject } from '../schema/define.ts';
import { segmindFailedMetricsSchema, segmindMetricsSchema, segmindRunningMetricsSchema } from './metrics.ts';

const exampleId = '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e';
const exampleImage = '/api/images/3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg';

const requestId = uuid('Names the request; the id of its job');
const statusUrl = url('Where to ask whether it is done', `/v2/requests/${exampleId}/status`);
const responseUrl = url('Where the result is', `/v2/requests/${exampleId}`);

/** POST /v2/:slug, 200. */
export const segmindSubmittedSchema = openObject(
  {
    request_id: requestId,
    status: choice(['QUEUED'], { description: 'Always QUEUED', examples: ['QUEUED'] }),
    poll_url: url('Where the result is, in the older form', `/v1/requests/${exampleId}`),
    status_url: statusUrl,
    response_url: responseUrl,
  },
  { title: 'SegmindSubmitted', description: 'The request was taken' },
);

/** GET /v2/requests/:id/status, and the result while it runs. */
export const segmindStatusSchema = openObject(
  {
    status: choice(['QUEUED', 'PROCESSING', 'COMPLETED'], {
      description: 'How far it is; a run that failed is the reply 422',
      examples: ['PROCESSING'],
    }),
    request_id: requestId,
    status_url: statusUrl,
    response_url: responseUrl,
    metrics: segmindRunningMetricsSchema,
  },
  { title: 'SegmindStatus', description: 'How far a request is' },
);

/** 422 on status and result. */
export const segmindFailedSchema = openObject(
  {
    status: choice(['FAILED'], { description: 'Always FAILED', examples: ['FAILED'] }),
    error: Type.String({ description: 'Why; "cancelled" after a cancel', examples: ['cancelled'] }),
    request_id: requestId,
    metrics: segmindFailedMetricsSchema,
  },
  { title: 'SegmindFailed', description: 'The run failed or was cancelled; nothing was charged' },
);

export const segmindImageSchema = openObject(
  {
    url: url('Where the picture is; no key is needed', exampleImage),
    content_type: Type.String({ description: 'The media type', examples: ['image/jpeg'] }),
    file_name: Type.String({ description: 'A name for the file', examples: ['3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg'] }),
    file_size: count({ description: 'In bytes', examples: [183_204] }),
  },
  { title: 'SegmindImage', description: 'One picture of a result' },
);

/** GET /v2/requests/:id and GET /v1/requests/:id, when it is done. */
export const segmindResultSchema = openObject(
  {
    status: choice(['COMPLETED'], { description: 'Always COMPLETED', examples: ['COMPLETED'] }),
    images: Type.Array(segmindImageSchema, {
      description: 'All pictures, in the order of their seeds',
    }),
    output: url('The first picture', exampleImage),
    image: url('The first picture', exampleImage),
    seed: Type.String({ description: 'The seed of the first picture, as text', examples: ['42'] }),
    prompt: Type.String({ description: 'The prompt', examples: ['a red apple on a blue background'] }),
    metrics: segmindMetricsSchema,
  },
  { title: 'SegmindResult', description: 'The pictures of a request' },
);

export type SegmindSubmitted = Static<typeof segmindSubmittedSchema>;
export type SegmindStatus = Static<typeof segmindStatusSchema>;
export type SegmindFailed = Static<typeof segmindFailedSchema>;
export type SegmindImage = Static<typeof segmindImageSchema>;
export type SegmindResult = Static<typeof segmindResultSchema>;
