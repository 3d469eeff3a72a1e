import type { Settings } from '../playground/settings.ts';
import { believable, type Claims, notBelieved } from './believable.ts';
import { parseComfyui } from './parse-comfyui.ts';
import { parseParameters } from './parse-parameters.ts';

/** How a picture was made, and what its file says of it that no form here could ask for. */
export interface Restored {
  readonly settings: Partial<Settings>;
  readonly leftOut: readonly string[];
}

/**
 * How a picture was made, from the texts in its file: ours and AUTOMATIC1111's `parameters`, InvokeAI's `invokeai_metadata`,
 * ComfyUI's `prompt`. Null when there is none of them.
 */
export function settingsOfTexts(texts: ReadonlyMap<string, string>): Restored | null {
  const parameters = texts.get('parameters');
  const claims =
    (parameters !== undefined && parameters.trim() !== '' ? parseParameters(parameters) : null) ??
    invokeaiClaims(jsonOf(texts.get('invokeai_metadata'))) ??
    parseComfyui(jsonOf(texts.get('prompt')));
  if (claims === null) return null;
  const settings = believable(claims);
  return { settings, leftOut: notBelieved(claims, settings) };
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
  if (text === undefined) return null;
  // ComfyUI is written in Python, whose JSON has three words too many; it replaces them likewise when it reads its own files.
  return parsed(text) ?? parsed(text.replace(/-?\bInfinity\b|\bNaN\b/g, 'null'));
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
