import { type Static, Type } from 'typebox';
import { arithmeticNames, deviceNames, profileNames } from '../limits.ts';
import { samplerNames } from '../request/samplers.ts';
import { credits, errorCode, param, requestId, url, uuid } from '../schema/common-fields.ts';
import { choice, count, openObject, seconds } from '../schema/define.ts';

const base64Picture = { description: 'The picture in base64, without a data: prefix', examples: ['/9j/4AAQSkZJRg=='] };
const pictureSeed = { minimum: 0, description: 'The seed that makes this picture', examples: [42] };

export const segmindBase64ReplySchema = openObject(
  {
    image: Type.String({ ...base64Picture, description: 'The first picture in base64, without a data: prefix' }),
    images: Type.Array(Type.String(base64Picture), {
      description: 'All pictures, in the order of their seeds',
      examples: [['/9j/4AAQSkZJRg==']],
    }),
    seed: Type.Integer({ ...pictureSeed, description: 'The seed of the first picture' }),
    seeds: Type.Array(Type.Integer(pictureSeed), { description: 'The seed of each picture', examples: [[42, 43]] }),
  },
  { title: 'SegmindBase64Reply', description: 'The pictures, when `base64` is true' },
);

export type SegmindBase64Reply = Static<typeof segmindBase64ReplySchema>;

export const outputMetadataSchema = openObject(
  {
    width: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    height: Type.Integer({ minimum: 1, description: 'In pixels', examples: [1024] }),
    seed: Type.Integer(pictureSeed),
    steps: Type.Integer({ minimum: 1, description: 'Denoising steps', examples: [25] }),
    guidance_scale: Type.Number({ description: 'The guidance scale', examples: [3] }),
    scheduler: choice(samplerNames, { description: 'The sampler', examples: ['edm_dpmpp_2m'] }),
    profile: choice(profileNames, { description: 'The profile', examples: ['exact'] }),
    model: Type.String({ description: 'The model that really drew it', examples: ['playground-v2.5', 'easel-demo'] }),
    device: Type.Optional(choice(deviceNames, { description: 'What it was drawn on', examples: ['cpu', 'webgpu'] })),
    arithmetic: Type.Optional(
      choice(arithmeticNames, { description: 'In which numbers; absent: float32', examples: ['float16'] }),
    ),
  },
  { title: 'OutputMetadata', description: 'The JSON in the header x-output-metadata: what was really used' },
);

export type OutputMetadata = Static<typeof outputMetadataSchema>;

const inferenceTime = seconds({ description: 'Seconds of work on the pictures', examples: [3.21] });
const queueTime = seconds({ description: 'Seconds of waiting before the work', examples: [0.05] });
const totalTime = seconds({ description: 'Seconds from the request to its end', examples: [3.3] });

const partialMetrics = {
  inference_time: Type.Optional(inferenceTime),
  queue_time: Type.Optional(queueTime),
  total_time: Type.Optional(totalTime),
};

export const segmindRunningMetricsSchema = openObject(partialMetrics, {
  title: 'SegmindRunningMetrics',
  description: 'What is known of the times so far',
});

export const segmindFailedMetricsSchema = openObject(
  { inference_time: inferenceTime, queue_time: queueTime, total_time: totalTime },
  { title: 'SegmindFailedMetrics', description: 'The times of a run that failed' },
);

export const segmindMetricsSchema = openObject(
  {
    cost: credits({ description: 'What was charged', examples: [0.0037] }),
    remaining_credits: credits({ description: 'What the account can still spend', examples: [12.4963] }),
    inference_time: inferenceTime,
    queue_time: queueTime,
    total_time: totalTime,
  },
  { title: 'SegmindMetrics', description: 'The price and the times of a run that is done' },
);

export type SegmindRunningMetrics = Static<typeof segmindRunningMetricsSchema>;
export type SegmindFailedMetrics = Static<typeof segmindFailedMetricsSchema>;
export type SegmindMetrics = Static<typeof segmindMetricsSchema>;

const exampleId = '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e';
const exampleImage = '/api/images/3f0b6f1c2d4e5a60718293a4b5c6d7e8.jpg';

const jobRequestId = uuid('Names the request; the id of its job');
const statusUrl = url('Where to ask whether it is done', `/v2/requests/${exampleId}/status`);
const responseUrl = url('Where the result is', `/v2/requests/${exampleId}`);

/** POST /v2/:slug, 200. */
export const segmindSubmittedSchema = openObject(
  {
    request_id: jobRequestId,
    status: choice(['QUEUED'], { description: 'Always QUEUED', examples: ['QUEUED'] }),
    poll_url: url('Where the result is, in the older form', `/v1/requests/${exampleId}`),
    status_url: statusUrl,
    response_url: responseUrl,
  },
  { title: 'SegmindSubmitted', description: 'The request was queued' },
);

/** GET /v2/requests/:id/status, and the result while it runs. */
export const segmindStatusSchema = openObject(
  {
    status: choice(['QUEUED', 'PROCESSING', 'COMPLETED'], {
      description: 'How far it is; a run that failed is the reply 422',
      examples: ['PROCESSING'],
    }),
    request_id: jobRequestId,
    status_url: statusUrl,
    response_url: responseUrl,
    metrics: segmindRunningMetricsSchema,
  },
  { title: 'SegmindStatus', description: 'The status of a request' },
);

/** 422 on status and result. */
export const segmindFailedSchema = openObject(
  {
    status: choice(['FAILED'], { description: 'Always FAILED', examples: ['FAILED'] }),
    error: Type.String({ description: 'Why; "cancelled" after a cancel', examples: ['cancelled'] }),
    request_id: jobRequestId,
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

export const segmindCreditsSchema = openObject(
  {
    credits: credits({ description: 'What the account can still spend', examples: [12.5] }),
    'free-credits': credits({ description: 'The part of it that was given for nothing', examples: [0.5] }),
  },
  { title: 'SegmindCredits', description: 'The reply of GET /v1/get-user-credits' },
);

export type SegmindCredits = Static<typeof segmindCreditsSchema>;

export const segmindErrorSchema = openObject(
  {
    error: Type.String({
      description: 'What went wrong, what is allowed and what to do; always a string',
      examples: ['num_inference_steps must be an integer from 20 to 100 (got 12)'],
    }),
    code: errorCode,
    request_id: requestId,
    param: Type.Optional(param),
  },
  { title: 'SegmindError', description: 'The body of every error under /v1 and /v2' },
);

export type SegmindError = Static<typeof segmindErrorSchema>;
