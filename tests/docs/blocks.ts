import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A fenced code block of a Markdown file. */
export interface Block {
  /** Such as `docs/cli.md:17 (sh)`. */
  readonly name: string;
  readonly file: string;
  readonly language: string;
  readonly code: string;
  /** What an HTML comment on the line above says: `not run: REASON`, `prints: COMMAND`, `settings`. */
  readonly note?: string;
}

/** The documents for users: README, docs and the packages' own. */
export function documents(root: string): string[] {
  return globSync(['README.md', 'docs/*.md', 'packages/*/README.md'], { cwd: root }).sort();
}

export function blocksOf(root: string, file: string): Block[] {
  const lines = readFileSync(join(root, file), 'utf8').split('\n');
  const blocks: Block[] = [];
  let opened: { line: number; fence: string; language: string } | undefined;
  for (const [index, line] of lines.entries()) {
    const [, fence = '', language = ''] = /^\s*(```+|~~~+)\s*(\S*)/.exec(line) ?? [];
    if (opened === undefined) {
      if (fence !== '') opened = { line: index, fence, language };
    } else if (fence.startsWith(opened.fence) && language === '') {
      blocks.push(blockOf(file, lines, opened, index));
      opened = undefined;
    }
  }
  if (opened !== undefined) throw new Error(`${file}:${opened.line + 1}: a code block that never ends`);
  return blocks;
}

function blockOf(
  file: string,
  lines: readonly string[],
  { line, language }: { line: number; language: string },
  end: number,
): Block {
  const [, note] = /^\s*<!-- (.+) -->$/.exec(lines[line - 1] ?? '') ?? [];
  return {
    name: `${file}:${line + 1} (${language || 'no language'})`,
    file,
    language,
    code: unindented(lines.slice(line + 1, end)),
    ...(note !== undefined && { note }),
  };
}

/** Of a block in a list, which is indented as a whole. */
function unindented(lines: readonly string[]): string {
  const indent = Math.min(...lines.filter((line) => line !== '').map((line) => line.search(/\S|$/)));
  return lines.map((line) => line.slice(indent)).join('\n');
}

/** The commands of a shell block as a person would paste them: one a line, continued by a backslash, without comments. */
export function commandsOf(code: string): string[] {
  return code
    .replaceAll(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => line.replace(/\s+#\s.*$/, '').trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
