import type { Component } from '../components/stored-form.ts';
import { ldmUnetTensors, unetForm } from '../components/unet/names.ts';
import { ldmVaeTensors, vaeForm } from '../components/vae/names.ts';
import { EngineError } from '../errors.ts';
import type { SdxlPart } from '../families/sdxl-architecture.ts';
import { readSafetensors, type TensorTable } from '../weights/safetensors.ts';
import { withScales } from '../weights/scaled-weights.ts';
import type { CheckpointOptions } from './checkpoint.ts';
import { inferUNetConfig } from './infer-configs.ts';

type Parts = Readonly<Record<SdxlPart, Component>>;

/** How a network is stored in a file: the prefix before its names, a name that tells it, and how its tensors get the names of its graph. */
type Stored = readonly (readonly [prefix: string, mark: string, current: (tensors: TensorTable) => TensorTable])[];

const unetFiles: Stored = [
  ['model.diffusion_model.', 'label_emb.0.0.weight', ldmUnetTensors],
  ['', 'label_emb.0.0.weight', ldmUnetTensors],
  ['', 'add_embedding.linear_1.weight', unetForm.current],
];

const vaeFiles: Stored = [
  ['first_stage_model.', 'decoder.mid.block_1.norm1.weight', ldmVaeTensors],
  ['', 'decoder.mid.block_1.norm1.weight', ldmVaeTensors],
  ['', 'decoder.mid_block.resnets.0.norm1.weight', vaeForm.current],
];

/**
 * The networks of a model with those of other files in place of its own. A UNet of SDXL's widths is of its own structure, any other of the
 * model's; a VAE is scaled as the model's.
 *
 * @throws EngineError `model_unsupported` for a file without such a network
 */
export async function replaceParts(parts: Parts, { unet, vae }: CheckpointOptions): Promise<Parts> {
  return {
    ...parts,
    ...(unet !== undefined && { unet: await readUNet(unet, parts.unet) }),
    ...(vae !== undefined && { vae: await readVae(vae, parts.vae) }),
  };
}

async function readUNet(path: string, { config }: Component): Promise<Component> {
  const tensors = await readPart(path, unetFiles, 'UNet');
  const inferred = inferUNetConfig(path, tensors);
  const kept = {
    sample_size: config.int('sample_size', 128),
    addition_time_embed_dim: config.int('addition_time_embed_dim'),
  };
  const guidance = tensors.get('time_embedding.cond_proj.weight')?.shape[1] ?? null;
  return { config: inferred?.with(kept) ?? config.with({ time_cond_proj_dim: guidance }), tensors };
}

async function readVae(path: string, { config }: Component): Promise<Component> {
  const tensors = await readPart(path, vaeFiles, 'VAE');
  return { config: vaeForm.config?.(config, tensors) ?? config, tensors };
}

async function readPart(path: string, forms: Stored, what: string): Promise<TensorTable> {
  const all = await withScales(await readSafetensors(path));
  const found = forms.find(([prefix, mark]) =>
    [...all.keys()].some((name) => name.startsWith(prefix) && name.endsWith(mark)),
  );
  if (found) {
    const [prefix, , current] = found;
    return current(
      new Map(
        [...all].flatMap(([name, tensor]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), tensor]] : [])),
      ),
    );
  }
  const some = [...all.keys()].slice(0, 3).join(', ');
  throw new EngineError('model_unsupported', `${path} has no ${what} of the SDXL line (its tensors: ${some} …)`, {
    remedy: `give the .safetensors file of a ${what}, as diffusers or the original training code name its tensors`,
    details: { file: path },
  });
}
