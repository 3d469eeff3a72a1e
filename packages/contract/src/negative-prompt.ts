/** How clients written in other languages spell "nothing" in a JSON string. */
const spellingsOfNone: readonly string[] = ['None', 'NONE'];

/**
 * What a request's `negative_prompt` means. null: no negative prompt (zero embeddings). The empty string is a text like any
 * other and makes another picture.
 *
 * @example
 * negativePromptOf('None'); // null
 * negativePromptOf(''); // ''
 */
export function negativePromptOf(value: string | null | undefined): string | null {
  if (value === undefined || value === null || spellingsOfNone.includes(value)) return null;
  return value;
}
