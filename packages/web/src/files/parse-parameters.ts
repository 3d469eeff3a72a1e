import type { Claims } from './believable.ts';

/**
 * Reads the text `parameters` as AUTOMATIC1111's web UI made it common: the prompt, `Negative prompt: …`, and a last line of
 * `Steps: 25, Seed: 7, …`.
 */
export function parseParameters(text: string): Claims {
  const lines = text.replace(/\r\n?/g, '\n').split('\n');
  const last = lines.findLastIndex((line) => /^Steps: \d+/.test(line));
  const values = new Map<string, string>();
  for (const [, name = '', value = ''] of (lines[last] ?? '').matchAll(
    /\s*([\w ]+): ("(?:\\.|[^"\\])*"|[^,]*)(?:,|$)/g,
  )) {
    values.set(name.trim(), value.trim());
  }
  const words = (last < 0 ? lines : lines.slice(0, last)).join('\n');
  const cut = words.search(/(^|\n)Negative prompt: /);
  const size = /^(\d+)x(\d+)$/.exec(values.get('Size') ?? '');
  return {
    prompt: cut < 0 ? words : words.slice(0, cut),
    negativePrompt: cut < 0 ? '' : words.slice(cut).replace(/^\n?Negative prompt: /, ''),
    steps: values.get('Steps'),
    seed: values.get('Seed'),
    guidanceScale: values.get('CFG scale'),
    width: size?.[1],
    height: size?.[2],
    sampler: values.get('Sampler'),
    model: values.get('Model'),
  };
}
