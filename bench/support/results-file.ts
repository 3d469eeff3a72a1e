import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { dirname } from 'node:path';
import { processorFeatures } from '../../packages/engine/src/index.ts';

/** On which machine results were measured. */
export interface Machine {
  readonly cpu: string;
  readonly features: readonly string[];
  readonly processors: number;
  /** GB. */
  readonly memory: number;
}

export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model ?? '',
    features: [...(processorFeatures() ?? [])].flatMap(([name, has]) => (has ? [name] : [])),
    processors: cpus().length,
    memory: totalmem() / 1e9,
  };
}

export function machineInWords({ cpu, features, processors, memory }: Machine): string {
  return `${cpu} (${features.join(', ')}), ${processors} processors, ${memory.toFixed(0)} GB`;
}

/** What an earlier run has left, to go on with. */
export async function readResults<Results extends object>(file: string, fresh: Results): Promise<Results> {
  return existsSync(file) ? JSON.parse(await readFile(file, 'utf8')) : fresh;
}

/** Prints the tables of results, and writes them beside the file. */
export async function writeTables(file: string, markdown: string): Promise<void> {
  await writeFile(file.replace(/\.json$/, '.md'), `${markdown}\n`);
  console.log(markdown);
}

/** Whole or not at all, so that a run that is stopped leaves results to go on with. */
export async function writeResults(file: string, results: object): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(`${file}.writing`, `${JSON.stringify(results, null, 1)}\n`);
  await rename(`${file}.writing`, file);
}
