import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { isWithin, type LoraChoice, limits } from '@easel/contract/fields';
import { type LoraRequest, lorasFolder } from '@easel/engine';
import { CodedError, hasCode, nearMiss } from '@easel/errors';
import { knownModel, knownModels, nameOfPath, resolveModel } from '@easel/models';
import { takeLoraTags } from '@easel/parameters';
import type { GenerateFlags } from './flags.ts';

const EXTENSION = /\.safetensors$/i;

/** A prompt and the LoRAs of its run: with `--lora-tags` also those of tags in the prompt. @throws CodedError `usage` for tags beyond the limits */
export function lorasOf(prompt: string, { loras = [], loraTags = false }: GenerateFlags) {
  if (!loraTags) return { prompt, loras };
  const taken = takeLoraTags(prompt);
  const { min, max } = limits.loraWeight;
  const wrong = taken.loras.find(({ weight }) => !isWithin(weight, limits.loraWeight));
  if (wrong !== undefined) {
    const tag = `<lora:${wrong.name}:${wrong.weight}>`;
    throw new CodedError('usage', `the weight of a LoRA in the prompt must be from ${min} to ${max} (got ${tag})`);
  }
  const count = loras.length + taken.loras.length;
  if (count > limits.loras.max) {
    throw new CodedError(
      'usage',
      `the prompt and --lora may name at most ${limits.loras.max} LoRAs together (got ${count})`,
    );
  }
  return { prompt: taken.prompt, loras: [...loras, ...taken.loras] };
}

/** The LoRAs as files of this machine. @throws CodedError `model_not_found` */
export function resolveLoras(
  loras: readonly LoraChoice[],
  { loraAnyBase = false }: GenerateFlags,
  env: Readonly<Record<string, string | undefined>>,
): readonly LoraRequest[] {
  return loras.map(({ name, weight = 1 }) => ({
    file: resolveLora(name, env),
    weight,
    ...(loraAnyBase && { anyBase: true }),
  }));
}

/** A file; else a file of the folder of LoRAs; else what was pulled by that name. */
function resolveLora(name: string, env: Readonly<Record<string, string | undefined>>): string {
  if (existsSync(name)) return name;
  const folder = lorasFolder(env);
  const isPlain = !/[\\/]/.test(name);
  const own = isPlain ? [name, `${name}.safetensors`].find((file) => existsSync(join(folder, file))) : undefined;
  if (own !== undefined) return join(folder, own);
  try {
    return resolveModel(name, env);
  } catch (cause) {
    // What can be pulled says how.
    if (!hasCode(cause, 'model_not_found') || knownModel(name) !== undefined) throw cause;
    const names = loraNames(folder);
    const pulled = knownModels.flatMap((model) => (model.kind === 'lora' ? [model.name, ...model.aliases] : []));
    const near = nearMiss(name.toLowerCase(), [...names, ...pulled]);
    const meant = near === undefined ? '' : `did you mean ${near}? `;
    const known = names.length === 0 ? `${folder} has none` : `${folder} has ${names.slice(0, 8).join(', ')}`;
    throw new CodedError('model_not_found', `there is no LoRA ${name}: neither a file nor a name`, {
      remedy: `${meant}give a .safetensors file or a name; ${known}`,
      cause,
    });
  }
}

function loraNames(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((file) => EXTENSION.test(file))
    .map(loraName);
}

/** What a LoRA is called in a picture's file. */
export function loraName(file: string): string {
  return nameOfPath(file).replace(/[:<>\n]/g, '_');
}
