import type { Static } from 'typebox';
import { credits } from '../schema/common-fields.ts';
import { openObject } from '../schema/define.ts';

export const segmindCreditsSchema = openObject(
  {
    credits: credits({ description: 'What the account can still spend', examples: [12.5] }),
    'free-credits': credits({ description: 'The part of it that was given for nothing', examples: [0.5] }),
  },
  { title: 'SegmindCredits', description: 'The reply of GET /v1/get-user-credits' },
);

export type SegmindCredits = Static<typeof segmindCreditsSchema>;
