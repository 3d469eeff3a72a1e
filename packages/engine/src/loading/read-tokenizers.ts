import { builtInTokenizers, type ClipTokenizer } from '../tokenizer/clip-tokenizer.ts';
import { readTokenizer } from '../tokenizer/read-tokenizer.ts';
import type { Checkpoint } from '../weights/checkpoint.ts';

/** The checkpoint's own two, or CLIP's where it brings none. */
export function readTokenizers({ tokenizerFolders }: Checkpoint): Promise<readonly [ClipTokenizer, ClipTokenizer]> {
  if (!tokenizerFolders) return builtInTokenizers();
  return Promise.all([readTokenizer(tokenizerFolders[0]), readTokenizer(tokenizerFolders[1])]);
}
