import { mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fixturePath } from './fixtures.ts';
import { temporaryFolder } from './temporary-folder.ts';

export interface FamilyParts {
  /** Of the folder's scheduler_config.json. */
  readonly scheduler: Readonly<Record<string, unknown>>;
  /** One of tests/fixtures/goldens/families/unets; absent: the ordinary one. */
  readonly unet?: string | undefined;
  /** Over that UNet's configuration. */
  readonly unetConfig?: Readonly<Record<string, unknown>>;
  /** Of the folder, and of the model in it. */
  readonly name?: string;
}

/**
 * A diffusers folder of the SDXL line, of links to the fixtures' weights: its VAE is scaled as SDXL's, without statistics.
 *
 * @param parent the folder that it is made in; absent: one of the running test's own
 */
export async function familyFolder(
  { scheduler, unet, unetConfig = {}, name = 'model' }: FamilyParts,
  parent?: string,
): Promise<string> {
  const folder = join(parent ?? (await temporaryFolder()), name);
  await mkdir(join(folder, 'scheduler'), { recursive: true });
  for (const part of ['text_encoder', 'text_encoder_2', 'tokenizer', 'tokenizer_2', 'model_index.json'])
    await symlink(fixturePath(`model/${part}`), join(folder, part));
  await writeFile(join(folder, 'scheduler/scheduler_config.json'), JSON.stringify(scheduler));
  const source = unet === undefined ? 'model/unet' : `families/unets/${unet}`;
  await part(folder, 'unet', source, (config) => ({ ...config, ...unetConfig }));
  await part(folder, 'vae', 'model/vae', ({ latents_mean: _, latents_std: __, ...config }) => ({
    ...config,
    scaling_factor: 0.13025,
  }));
  return folder;
}

async function part(
  folder: string,
  name: string,
  source: string,
  edit: (config: Record<string, unknown>) => Record<string, unknown>,
): Promise<void> {
  await mkdir(join(folder, name));
  const config: Record<string, unknown> = JSON.parse(await readFile(fixturePath(`${source}/config.json`), 'utf8'));
  await writeFile(join(folder, name, 'config.json'), JSON.stringify(edit(config)));
  const weights = 'diffusion_pytorch_model.fp16.safetensors';
  await symlink(fixturePath(`${source}/${weights}`), join(folder, name, weights));
}

/** What SDXL's own scheduler_config.json says, with changes. */
export function sdxlScheduler(className: string, changes: Readonly<Record<string, unknown>> = {}) {
  return {
    _class_name: className,
    ...{ num_train_timesteps: 1000, beta_start: 0.00085, beta_end: 0.012, beta_schedule: 'scaled_linear' },
    ...{ steps_offset: 1, clip_sample: false, set_alpha_to_one: false, timestep_spacing: 'leading' },
    prediction_type: 'epsilon',
    ...changes,
  };
}
