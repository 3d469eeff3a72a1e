import type { EaselClient } from '@easel/client';
import type { PromptField } from '@easel/engine';
import type { GenerateFlags } from './generate-flags.ts';

/** What the encoders of a model do not see of a text. */
export interface TruncatedText {
  readonly field: PromptField;
  readonly text: string;
}

/** What a server's model does not see of the texts; each text goes to both encoders unless the second has one of its own. */
export async function truncatedTexts(
  client: EaselClient,
  prompt: string,
  { model, prompt2, negativePrompt }: GenerateFlags,
  signal: AbortSignal,
): Promise<TruncatedText[]> {
  const cut = async (field: PromptField, text: string, encoders: (0 | 1)[]): Promise<TruncatedText> => {
    const reply = await client.tokenize({ text, ...(model !== undefined && { model }) }, { signal });
    const texts = encoders.map((encoder) => reply.encoders[encoder]?.truncated ?? '');
    return { field, text: texts.reduce((longest, next) => (next.length > longest.length ? next : longest), '') };
  };
  const isShared = prompt2 === undefined || prompt2 === prompt;
  const all = await Promise.all([
    cut('prompt', prompt, isShared ? [0, 1] : [0]),
    ...(isShared ? [] : [cut('prompt2', prompt2, [1])]),
    ...(negativePrompt === undefined ? [] : [cut('negativePrompt', negativePrompt, [0, 1])]),
  ]);
  return all.filter(({ text }) => text !== '');
}
