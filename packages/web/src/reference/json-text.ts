import type { RequestFields } from '../format/code-samples.ts';
import { isObject } from './operations.ts';

/** Why a text is no JSON object, and where. */
export interface JsonFault {
  readonly message: string;
  /** In characters from the start. */
  readonly position: number;
}

/** The JSON object in a text, or the place of the first fault: engines do not agree on whether and how their messages tell it. */
export function parseRequest(text: string): { readonly value: RequestFields } | { readonly fault: JsonFault } {
  const scanner = new Scanner(text);
  const fault = scanner.fault();
  if (fault !== undefined) return { fault };
  const value: unknown = JSON.parse(text);
  return isObject(value) ? { value } : { fault: { message: 'A request is an object: { … }', position: 0 } };
}

/** For people: lines and columns count from one. */
export function placeIn(text: string, position: number): string {
  const lines = text.slice(0, position).split('\n');
  return `line ${lines.length}, column ${(lines.at(-1)?.length ?? 0) + 1}`;
}

class Unexpected extends Error {}

/** Reads JSON (RFC 8259) without making values of it. */
class Scanner {
  readonly #text: string;
  #place = 0;

  constructor(text: string) {
    this.#text = text;
  }

  fault(): JsonFault | undefined {
    try {
      this.#value();
      this.#skip();
      if (this.#place < this.#text.length) throw new Unexpected('nothing is allowed after the end of the object');
      return undefined;
    } catch (error) {
      if (!(error instanceof Unexpected)) throw error;
      return { message: error.message, position: this.#place };
    }
  }

  #value(): void {
    this.#skip();
    const first = this.#text[this.#place];
    if (first === '{') this.#list('{', '}', () => this.#member());
    else if (first === '[') this.#list('[', ']', () => this.#value());
    else if (first === '"') this.#string();
    else if (!this.#take(/(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])/y))
      throw new Unexpected('a value is expected: text in double quotes, a number, true, false, null, […] or {…}');
  }

  #list(open: string, close: string, entry: () => void): void {
    this.#expect(open);
    this.#skip();
    if (this.#text[this.#place] === close) {
      this.#place += 1;
      return;
    }
    for (;;) {
      entry();
      this.#skip();
      const next = this.#text[this.#place];
      if (next !== ',' && next !== close) throw new Unexpected(`a comma or ${close} is expected`);
      this.#place += 1;
      if (next === close) return;
    }
  }

  #member(): void {
    this.#skip();
    this.#string('a name in double quotes is expected');
    this.#skip();
    this.#expect(':');
    this.#value();
  }

  #string(otherwise = 'text in double quotes is expected'): void {
    if (this.#text[this.#place] !== '"') throw new Unexpected(otherwise);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON does not allow them within strings
    if (this.#take(/"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y)) return;
    throw new Unexpected('this text has no closing quote on its line, or a wrong \\ in it');
  }

  #expect(character: string): void {
    if (this.#text[this.#place] !== character) throw new Unexpected(`${character} is expected`);
    this.#place += 1;
  }

  #skip(): void {
    this.#take(/[ \t\n\r]*/y);
  }

  #take(pattern: RegExp): boolean {
    pattern.lastIndex = this.#place;
    const isFound = pattern.test(this.#text);
    if (isFound) this.#place = pattern.lastIndex;
    return isFound;
  }
}
