import { formatParameters } from './format-parameters.ts';
import type { GenerationParameters } from './generation-parameters.ts';

/**
 * The parameters' text where a file format limits its size: when it does not fit, the longest texts in it are cut, as little as
 * needed, between characters and with "…" at the end; the settings stay whole.
 *
 * @param fits tells whether a text is short enough; it has to allow some hundred characters.
 */
export function formatToFit(parameters: GenerationParameters, fits: (text: string) => boolean): string {
  const whole = formatParameters(parameters);
  if (fits(whole)) return whole;
  let shortest = 0; // known to fit
  let tooLong = whole.length; // known not to
  while (tooLong - shortest > 1) {
    const limit = Math.floor((shortest + tooLong) / 2);
    if (fits(formatParameters(withTextsUpTo(parameters, limit)))) shortest = limit;
    else tooLong = limit;
  }
  return formatParameters(withTextsUpTo(parameters, shortest));
}

function withTextsUpTo(parameters: GenerationParameters, limit: number): GenerationParameters {
  const { prompt, negativePrompt, prompt2, negativePrompt2, model } = parameters;
  return {
    ...parameters,
    prompt: cut(prompt, limit),
    model: cut(model, limit),
    ...(negativePrompt && { negativePrompt: cut(negativePrompt, limit) }),
    ...(prompt2 && { prompt2: cut(prompt2, limit) }),
    ...(negativePrompt2 && { negativePrompt2: cut(negativePrompt2, limit) }),
  };
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const kept = text.slice(0, limit);
  // Not between the halves of a surrogate pair.
  return `${/[\ud800-\udbff]$/.test(kept) ? kept.slice(0, -1) : kept}…`;
}
