import { type Static, Type } from 'typebox';
import { count, openObject } from '../schema/define.ts';

const details = (title: string, description: string) =>
  openObject(
    {
      image_tokens: count({ description: 'Tokens of pictures', examples: [0] }),
      text_tokens: count({ description: 'Tokens of text', examples: [9] }),
    },
    { title, description },
  );

export const openaiUsageSchema = openObject(
  {
    input_tokens: count({ description: 'Tokens of the prompt', examples: [9] }),
    input_tokens_details: details('OpenaiInputTokensDetails', 'What the input tokens are'),
    output_tokens: count({ description: 'One for each picture: pictures are not made of tokens here', examples: [1] }),
    total_tokens: count({ description: 'The sum of both', examples: [10] }),
    output_tokens_details: Type.Optional(details('OpenaiOutputTokensDetails', 'What the output tokens are')),
  },
  { title: 'OpenaiUsage', description: 'The counts that the official clients expect; the price is in x-cost' },
);

export type OpenaiUsage = Static<typeof openaiUsageSchema>;
