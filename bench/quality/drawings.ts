import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoModelPath } from '@easel/models';
import {
  type DecodedPicture,
  decodeImage,
  encodeImage,
  loadModel,
  type PassCounts,
} from '../../packages/engine/src/index.ts';
import { seedOf } from '../../tests/adherence/questions.ts';
import type { Mode } from './modes.ts';

export interface Drawings {
  readonly pictures: readonly DecodedPicture[];
  /** The mean over the pictures; undefined where nothing was accelerated. */
  readonly passes: PassCounts | undefined;
}

export interface Asked {
  readonly prompt: string;
  /** Its place in the list of all prompts, which its seed follows from. */
  readonly index: number;
}

/**
 * Draws every prompt in a mode, or reads what an earlier run drew: of the same engine, by the content of its sources, so that a long run
 * can be interrupted and a changed engine never gets old pictures.
 */
export async function drawAll(mode: Omit<Mode, 'name'>, asked: readonly Asked[]): Promise<Drawings> {
  const { precision = 'exact', ...request } = mode;
  const folder = join('.cache/quality', await engineHash(), hashOf(JSON.stringify({ precision, ...request, asked })));
  const passesFile = join(folder, 'passes.json'); // written last: the mark of a whole set
  const file = (place: number) => join(folder, `${place}.png`);
  if (existsSync(passesFile)) {
    const pictures = await Promise.all(asked.map(async (_, place) => decodeImage(await readFile(file(place)))));
    return { pictures, passes: JSON.parse(await readFile(passesFile, 'utf8')) ?? undefined };
  }
  await mkdir(folder, { recursive: true });
  const model = await loadModel(demoModelPath, { precision });
  const pictures: DecodedPicture[] = [];
  const passes: PassCounts[] = [];
  for (const { prompt, index } of asked) {
    const { images, used } = await model.generate({ ...request, prompt, seed: seedOf(index) });
    await writeFile(file(pictures.length), await encodeImage(images[0], { format: 'png' }));
    pictures.push(images[0]);
    if (used.acceleration) passes.push(used.acceleration.passes);
  }
  await model.close();
  const mean = (kind: keyof PassCounts) => passes.reduce((sum, each) => sum + each[kind], 0) / passes.length;
  const all = { full: mean('full'), gated: mean('gated'), shallow: mean('shallow'), exact: mean('exact') };
  const told = passes.length > 0 ? all : undefined;
  await writeFile(passesFile, JSON.stringify(told ?? null));
  return { pictures, passes: told };
}

/** Of the engine's sources and the embedded model. */
async function engineHash(): Promise<string> {
  const files: string[] = [];
  for await (const file of glob(['packages/engine/src/**/*.ts', 'packages/demo-model/model/**/*.safetensors']))
    files.push(file);
  const hash = createHash('sha256');
  for (const file of files.filter((each) => !each.endsWith('.test.ts')).toSorted())
    hash.update(file).update(await readFile(file));
  return hash.digest('hex').slice(0, 16);
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}
