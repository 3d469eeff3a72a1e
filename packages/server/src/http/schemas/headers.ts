import { headers } from '@easel/contract';
import { type TSchema, Type } from 'typebox';

type Headers = Readonly<Record<string, TSchema>>;

const text = (description: string, example: string) => Type.String({ description, examples: [example] });

/** On every reply to a caller. */
export const callerHeaders: Headers = {
  [headers.remainingCredits]: text('What can still be spent', '12.4963'),
  [headers.cost]: text('What this request has cost', '0.0037'),
  [headers.requestId]: text(
    'Names the request in the logs; of a request that creates work the id of its job',
    '01980c5e-7d3a-7c61-9a52-3f0b6f1c2d4e',
  ),
};

/** On replies to requests that create work. */
export const workReplyHeaders: Headers = {
  ...callerHeaders,
  [headers.model]: text('The model that really draws', 'easel-demo'),
  [headers.rateLimitLimit]: text('Requests that create work, in a minute', '600'),
  [headers.rateLimitRemaining]: text('What is left of them', '599'),
  [headers.rateLimitResetAt]: text('When the next minute begins', '2026-01-31T12:01:00.000Z'),
};

/** On replies with pictures. */
export const pictureHeaders: Headers = {
  ...workReplyHeaders,
  [headers.generationTime]: text('Seconds of work', '3.21'),
  [headers.seedValue]: text('The seed of the first picture', '42'),
  [headers.outputMetadata]: text('What was really used, as JSON (OutputMetadata)', '{"width":1024,"height":1024}'),
  [headers.ignoredFields]: text('Fields of the body that are not known here', 'style'),
  [headers.link]: text('On the Segmind surface: where each of the pictures is', '<https://…>; rel="item"'),
  [headers.size]: text('On the OpenAI surface: the size of the pictures', '1344x768'),
};
