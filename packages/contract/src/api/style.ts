import { type Static, Type } from 'typebox';
import { closedObject, matching, openObject, textOf } from '../schema/define.ts';

const name = matching('style', { description: 'The name of the style', examples: ['watercolour'] });
const range = { min: 1, max: 2000 };
const prompt = textOf(range, {
  description: 'With `{prompt}` where the prompt goes',
  examples: ['watercolour of {prompt}, loose washes'],
});
const negativePrompt = textOf(range, {
  description: 'Added to the negative prompt; absent: nothing',
  examples: ['photograph'],
});

export const styleSchema = openObject(
  {
    name,
    prompt,
    negative_prompt: Type.Optional(negativePrompt),
    is_own: Type.Boolean({ description: 'Whether it was saved by the account, and can be deleted', examples: [false] }),
  },
  { title: 'Style', description: 'What a style puts around a prompt' },
);

export const styleListSchema = openObject(
  { styles: Type.Array(styleSchema, { description: "Easel's own, then those of the account, by name" }) },
  { title: 'StyleList', description: 'The styles that a request may name' },
);

/** Of PUT and DELETE /api/styles/:name. */
export const styleParamsSchema = closedObject({ name }, { title: 'StyleParams', description: 'Which style' });

export const stylePutSchema = closedObject(
  { prompt, negative_prompt: Type.Optional(negativePrompt) },
  { title: 'StylePut', description: 'The body of PUT /api/styles/:name' },
);

export type StyleReply = Static<typeof styleSchema>;
export type StyleList = Static<typeof styleListSchema>;
export type StylePut = Static<typeof stylePutSchema>;
