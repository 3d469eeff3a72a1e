/** The part above the settings line of a "parameters" text: the prompt, then "Negative prompt: …". Both may have several lines. */
export interface PromptLines {
  readonly prompt: string;
  readonly negativePrompt: string | null;
}

/** An empty text has no line of its own: other tools write and expect this. */
export function joinPrompts({ prompt, negativePrompt }: PromptLines): string {
  const lines: string[] = [];
  if (prompt !== '') lines.push(printable(prompt));
  if (negativePrompt) lines.push(`Negative prompt: ${printable(negativePrompt)}`);
  return lines.join('\n');
}

/**
 * The inverse of `joinPrompts` unless a prompt is empty or not printable, or itself has such a line.
 *
 * @param isOneLine "Negative prompt: " may follow the prompt on the same line.
 */
export function splitPrompts(text: string, isOneLine = false): PromptLines {
  const marker =
    /(?:^|\n)[^\S\n]*Negative prompt: ?/.exec(text) ?? (isOneLine ? /[^\S\n]Negative prompt: ?/.exec(text) : null);
  if (marker === null) return { prompt: text, negativePrompt: null };
  return { prompt: text.slice(0, marker.index), negativePrompt: text.slice(marker.index + marker[0].length) || null };
}

/** File formats end a text at a NUL and drop a byte-order mark of either order at its start; half a surrogate pair has no encoding. */
function printable(text: string): string {
  return text.toWellFormed().replace(/\0|^[\ufeff\ufffe]/g, '\ufffd');
}

/** A LoRA of a picture, as its file tells it. */
export interface PictureLora {
  readonly name: string;
  readonly weight: number;
  /** The first characters of the SHA-256 of its tensors, by which other tools find it. */
  readonly hash?: string;
}

/** As AUTOMATIC1111 cuts them. */
const HASH_LENGTH = 12;

const TAG = /<lora:([^<>:\n]{1,200})(?::([+-]?\d{0,3}(?:\.\d{1,6})?))?>/gi;

/**
 * Takes the tags `<lora:name:weight>` out of a prompt, as AUTOMATIC1111 does; a tag without a weight has 1.
 *
 * @example
 * takeLoraTags('a fox <lora:watercolour:0.8>'); // { prompt: 'a fox', loras: [{ name: 'watercolour', weight: 0.8 }] }
 */
export function takeLoraTags(prompt: string): { readonly prompt: string; readonly loras: readonly PictureLora[] } {
  const loras = [...prompt.matchAll(TAG)].map(([, name = '', weight = '']) => ({
    name: name.trim(),
    weight: /\d/.test(weight) ? Number(weight) : 1,
  }));
  return loras.length === 0 ? { prompt, loras } : { prompt: prompt.replace(TAG, '').trim(), loras };
}

/** The prompt with a tag for each LoRA behind it. */
export function withLoraTags(prompt: string, loras: readonly PictureLora[] = []): string {
  const tags = loras.map(({ name, weight }) => `<lora:${name}:${weight}>`);
  return [prompt, ...tags].filter((part) => part !== '').join(' ');
}

/** The inverse of `withLoraTags`: the prompt keeps tags that are not those of the LoRAs. */
export function withoutLoraTags(prompt: string, loras: readonly PictureLora[]): string {
  const tags = withLoraTags('', loras);
  if (tags === '' || !prompt.endsWith(tags)) return prompt;
  const rest = prompt.slice(0, -tags.length);
  return rest.endsWith(' ') ? rest.slice(0, -1) : rest;
}

/** The setting `Lora hashes`; a LoRA without a hash has an empty one, which keeps its name. */
export function formatLoraHashes(loras: readonly PictureLora[]): string {
  return loras.map(({ name, hash = '' }) => `${name}: ${hash.slice(0, HASH_LENGTH)}`).join(', ');
}

/**
 * The LoRAs of a text of ours: their names are those of the setting, their weights those of the last tags of the prompt. Undefined where
 * these do not belong together.
 */
export function readLoras(prompt: string, hashes: string): readonly PictureLora[] | undefined {
  const told = hashes.split(', ').map((entry) => {
    const [, name = '', hash = ''] = /^(.*): ([0-9a-f]{0,64})$/.exec(entry) ?? [];
    return { name, ...(hash !== '' && { hash }) };
  });
  const tags = [...prompt.matchAll(TAG)].slice(-told.length);
  const loras = told.map((lora, index) => ({ ...lora, weight: Number(tags[index]?.[2] ?? Number.NaN) }));
  const isSame = tags.length === told.length && loras.every(({ name }, index) => name === tags[index]?.[1]);
  return isSame && loras.every(({ weight }) => Number.isFinite(weight)) ? loras : undefined;
}
