/**
 * The end of a text that was not read, in the text's own letters. Tokenizers give it back in small letters and with blanks between
 * tokens; its letters, one by one, are still those of the end.
 *
 * @returns `unread` itself where they are not, as when characters were put into another form
 * @example
 * tailOf('A Cat and WORD12', 'word 1 2') === 'WORD12'
 */
export function tailOf(text: string, unread: string): string {
  const letters = unread.replace(/\s+/g, '').toLowerCase();
  let [start, left] = [text.length, letters.length];
  while (left > 0 && start > 0) {
    start -= 1;
    const letter = text[start] ?? '';
    if (/\s/.test(letter)) continue;
    left -= 1;
    if (letter.toLowerCase() !== letters[left]) return unread;
  }
  return left > 0 ? unread : text.slice(start).trim();
}
