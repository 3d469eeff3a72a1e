import { once } from 'node:events';
import { createInterface } from 'node:readline/promises';
import type { CommandContext } from './cli-context.ts';

/** Asks a question on the terminal. @returns whether the answer is yes */
export async function ask(text: string, { stdin, stderr, interruption }: CommandContext): Promise<boolean> {
  // Not as a `terminal`, which would take Ctrl-C from us.
  const lines = createInterface({ input: stdin, output: stderr, terminal: false });
  try {
    const question = lines.question(text, { signal: interruption.signal });
    const answer = await Promise.race([question, once(lines, 'close').then(() => '')]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    lines.close();
  }
}
