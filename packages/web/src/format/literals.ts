/** As one word of a POSIX shell. */
export function asShellWord(text: string): string {
  // The quote ends the text, is added by itself, and the text goes on.
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** JSON is Python but for three words. */
export function asPython(value: unknown): string {
  if (value === true) return 'True';
  if (value === false) return 'False';
  if (value === null || value === undefined) return 'None';
  if (Array.isArray(value)) return `[${value.map(asPython).join(', ')}]`;
  if (typeof value === 'object') {
    const entries = Object.entries(value).map(([name, each]) => `        ${JSON.stringify(name)}: ${asPython(each)},`);
    return `{\n${entries.join('\n')}\n    }`;
  }
  return JSON.stringify(value);
}
