import type { Settings } from '../playground/settings.ts';

/**
 * Reads the text that image tools keep in their files: the prompt, `Negative prompt: …`, and a last line of `Steps: 25, Seed: 7, …`.
 * What is not understood is left out, and nothing is believed beyond what the form allows.
 */
export function parseParameters(text: string): Partial<Settings> {
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
  const prompt = (cut < 0 ? words : words.slice(0, cut)).trim();
  const negativePrompt =
    cut < 0
      ? ''
      : words
          .slice(cut)
          .replace(/^\n?Negative prompt: /, '')
          .trim();
  const size = /^(\d+)x(\d+)$/.exec(values.get('Size') ?? '');
  return {
    ...(prompt !== '' && { prompt }),
    negativePrompt,
    samples: 1,
    ...whole(values, 'Steps', 1, 100, 'steps'),
    ...whole(values, 'Seed', 0, 999_999_999_999_999, 'seed'),
    ...guidance(values.get('CFG scale')),
    ...(size && { width: Number(size[1]), height: Number(size[2]) }),
    ...(values.has('Sampler') && {
      scheduler: /euler/i.test(values.get('Sampler') ?? '') ? 'edm_euler' : 'edm_dpmpp_2m',
    }),
    ...(values.has('Model') && { model: values.get('Model') ?? '' }),
  };
}

function whole(values: ReadonlyMap<string, string>, name: string, min: number, max: number, field: 'steps' | 'seed') {
  const value = Number(values.get(name) ?? Number.NaN);
  return Number.isInteger(value) && value >= min && value <= max ? { [field]: value } : {};
}

function guidance(text: string | undefined): Partial<Settings> {
  const guidanceScale = Number(text ?? Number.NaN);
  return guidanceScale >= 1 && guidanceScale <= 25 ? { guidanceScale } : {};
}
