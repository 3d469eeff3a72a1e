import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const tinyModel = fileURLToPath(new URL('../fixtures/goldens/model', import.meta.url));

/**
 * A copy of the tiny model that says it was trained at another side: what a server offers then is a full model's sizes.
 *
 * @returns its folder, which the caller removes
 */
export async function modelOfSide(side: number): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'easel-model-'));
  try {
    await cp(tinyModel, folder, { recursive: true });
    await change(join(folder, 'model_index.json'), (index) => ({ ...index, _easel: undefined }));
    await change(join(folder, 'unet/config.json'), (config) => ({ ...config, sample_size: side / 8 }));
    return folder;
  } catch (error) {
    await rm(folder, { recursive: true });
    throw error;
  }
}

async function change(file: string, changed: (content: Record<string, unknown>) => object): Promise<void> {
  await writeFile(file, JSON.stringify(changed(JSON.parse(await readFile(file, 'utf8')))));
}
