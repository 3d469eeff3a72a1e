import { builtInTokenizers, type ClipTokenizer } from '../tokenizer/clip-tokenizer.ts';
import { readTokenizer } from '../tokenizer/read-tokenizer.ts';
import type { Checkpoint, CheckpointOptions } from './checkpoint.ts';
import { readDiffusersFolder } from './diffusers-folder.ts';
import { locateModel } from './locate-model.ts';
import { readSingleFile } from './single-file.ts';

/**
 * Opens a model's files, whatever their layout.
 *
 * @throws EngineError `model_not_found`, `model_file_missing`, `model_config_invalid`, `model_unsupported`, `weights_corrupt`
 */
export async function openCheckpoint(path: string, options: CheckpointOptions = {}): Promise<Checkpoint> {
  const located = await locateModel(path);
  const read = located.layout === 'diffusers' ? readDiffusersFolder : readSingleFile;
  return { ...(await read(located.path, options)), options };
}

/** The checkpoint's own tokenizers, in encoder order, or CLIP's if it has none. */
export function readTokenizers({ tokenizerFolders }: Checkpoint): Promise<readonly ClipTokenizer[]> {
  return tokenizerFolders ? Promise.all(tokenizerFolders.map(readTokenizer)) : builtInTokenizers();
}
