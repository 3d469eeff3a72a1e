import type { Settings } from '../playground/settings.ts';
import { believable, type Claims } from './believable.ts';
import { parseComfyui } from './parse-comfyui.ts';
import { parseParameters } from './parse-parameters.ts';

/**
 * How a picture was made, from the texts in its file: ours and AUTOMATIC1111's `parameters`, InvokeAI's `invokeai_metadata`,
 * ComfyUI's `prompt`. Null when there is none of them. What is not understood is left out.
 */
export function settingsOfTexts(texts: ReadonlyMap<string, string>): Partial<Settings> | null {
  const parameters = texts.get('parameters');
  const claims =
    (parameters !== undefined && parameters.trim() !== '' ? parseParameters(parameters) : null) ??
    invokeaiClaims(jsonOf(texts.get('invokeai_metadata'))) ??
    parseComfyui(jsonOf(texts.get('prompt')));
  return claims === null ? null : believable(claims);
}

function invokeaiClaims(value: unknown): Claims | null {
  if (typeof value !== 'object' || value === null) return null;
  const claims = new Map<string, unknown>(Object.entries(value));
  const model: unknown = claims.get('model');
  return {
    prompt: claims.get('positive_prompt'),
    negativePrompt: claims.get('negative_prompt'),
    steps: claims.get('steps'),
    seed: claims.get('seed'),
    guidanceScale: claims.get('cfg_scale'),
    width: claims.get('width'),
    height: claims.get('height'),
    sampler: claims.get('scheduler'),
    model: typeof model === 'object' && model !== null && 'name' in model ? model.name : undefined,
  };
}

function jsonOf(text: string | undefined): unknown {
  try {
    return text === undefined ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
