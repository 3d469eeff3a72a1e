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
