import { type Static, Type } from 'typebox';
import { MAX_PROMPT_LENGTH } from '../limits.ts';
import { propertiesOn } from '../request/schemas.ts';
import { closedObject, count, openObject, textOf } from '../schema/define.ts';

const onApi = propertiesOn('api');

export const tokenizeRequestSchema = closedObject(
  {
    text: textOf(
      { min: 0, max: MAX_PROMPT_LENGTH },
      { description: 'A prompt', examples: ['a red apple on a blue background'] },
    ),
    model: onApi.model,
    prompt_weighting: onApi.prompt_weighting,
    long_prompts: onApi.long_prompts,
    lora_tags: onApi.lora_tags,
  },
  { title: 'TokenizeRequest', description: 'The body of POST /api/tokenize' },
);

export const tokenizedTextSchema = openObject(
  {
    encoder: Type.String({ description: 'Which text encoder', examples: ['text_encoder'] }),
    ids: Type.Array(Type.Integer({ minimum: 0, description: 'A token', examples: [320] }), {
      description: 'The tokens that the model reads, start and end markers not among them',
      examples: [[320, 736, 3055]],
    }),
    count: count({ description: 'The tokens of the whole text', examples: [7] }),
    limit: count({ description: 'How many the model reads; more with `long_prompts`', examples: [75] }),
    truncated: Type.String({
      description: 'The part of the text that is cut off; empty when it all fits',
      examples: [''],
    }),
  },
  { title: 'TokenizedText', description: 'How one text encoder sees the text' },
);

export const foreignSyntaxSchema = openObject(
  {
    what: Type.String({
      description: 'LoRA, embedding, weight, alternatives, wildcard, BREAK, AND, option or escape',
      examples: ['weight'],
    }),
    text: Type.String({ description: 'As it stands in the text', examples: ['(red:1.4)'] }),
  },
  { title: 'ForeignSyntax', description: 'An instruction to other tools in a prompt: here it is read as plain text' },
);

export const tokenizeReplySchema = openObject(
  {
    model: Type.String({ description: 'The model whose encoders these are', examples: ['playground-v2.5'] }),
    encoders: Type.Array(tokenizedTextSchema, { description: 'One entry for each text encoder' }),
    foreign_syntax: Type.Array(foreignSyntaxSchema, {
      description:
        'What in the text is an instruction to other tools and has no effect here, such as weights and LoRA tags',
    }),
  },
  { title: 'TokenizeReply', description: 'How the model sees a text' },
);

export type TokenizeRequest = Static<typeof tokenizeRequestSchema>;
export type TokenizedText = Static<typeof tokenizedTextSchema>;
export type ForeignSyntax = Static<typeof foreignSyntaxSchema>;
export type TokenizeReply = Static<typeof tokenizeReplySchema>;
