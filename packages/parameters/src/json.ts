/**
 * JSON as Python's tools write it, or null when it is not JSON. Their NaN and Infinity become null, and whole numbers beyond what a
 * double represents exactly, such as 64-bit seeds, become strings of their digits. Never throws.
 */
export function parseJson(text: string): unknown {
  try {
    const value: unknown = JSON.parse(withoutPythonWords(text));
    return value;
  } catch {
    return null;
  }
}

/** Replaces only outside strings. */
function withoutPythonWords(text: string): string {
  const pieces: string[] = [];
  for (let at = 0; at < text.length; ) {
    const open = text.indexOf('"', at);
    const outside = text.slice(at, open < 0 ? text.length : open);
    pieces.push(
      outside.replace(/-?\bInfinity\b|\bNaN\b/g, 'null').replace(/(?<![\d.eE+-])-?\d{16,40}(?![\d.eE])/g, '"$&"'),
    );
    if (open < 0) break;
    const end = endOfString(text, open);
    pieces.push(text.slice(open, end));
    at = end;
  }
  return pieces.join('');
}

function endOfString(text: string, open: number): number {
  for (let at = open + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
  }
  return text.length;
}

export type JsonObject = Readonly<Record<string, unknown>>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The object's own property of that name: names from a file must not find JavaScript's inherited ones. */
export function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}
