const linesKept = 20;
const longestLine = 2000;

/** The last lines a process wrote: what it said before it died. */
export class OutputTail {
  readonly #lines: string[] = [];
  readonly #onLine: (line: string) => void;
  #unfinished = '';

  constructor(onLine: (line: string) => void) {
    this.#onLine = onLine;
  }

  write(text: string): void {
    const lines = (this.#unfinished + text).split(/\r?\n/);
    this.#unfinished = (lines.pop() ?? '').slice(-longestLine);
    for (const line of lines) this.#keep(line);
  }

  /** To be called when no more can come: a dying process rarely ends its last line. */
  end(): void {
    this.#keep(this.#unfinished);
    this.#unfinished = '';
  }

  get lines(): readonly string[] {
    return this.#lines;
  }

  #keep(line: string): void {
    if (line.trim() === '') return;
    this.#lines.push(line.slice(0, longestLine));
    if (this.#lines.length > linesKept) this.#lines.shift();
    this.#onLine(line.slice(0, longestLine));
  }
}
