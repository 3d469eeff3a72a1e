import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { demoModelPath } from '@easel/models';
import { allOperations, operationsOf as countOperations } from '../../packages/engine/src/components/operations.ts';
import { parseUNetConfig, type UNetConfig } from '../../packages/engine/src/components/unet/config.ts';
import { buildUNet, type UNetForm } from '../../packages/engine/src/components/unet/graph.ts';
import type { Acceleration, PassCounts } from '../../packages/engine/src/index.ts';
import { JsonConfig } from '../../packages/engine/src/json-config.ts';

const demoConfig = parseUNetConfig(await JsonConfig.read(join(demoModelPath, 'unet', 'config.json')));
const sdxlConfig = parseUNetConfig(
  new JsonConfig(JSON.parse(await readFile(new URL('sdxl-unet.json', import.meta.url), 'utf8')), 'sdxl-unet.json'),
);

/** The share that is left of the UNet's arithmetic in a picture: for SDXL's UNet at 1024×1024, by the passes of the embedded model. */
export function shareOfSdxl(
  { cacheInterval = 1, cacheBranch = demoConfig.layersPerBlock }: Acceleration,
  passes: PassCounts,
): number {
  const branch = branchLike(cacheBranch, sdxlConfig);
  const full = operationsOf();
  const gated = operationsOf({ crossAttention: 'given' });
  const shallow = operationsOf({ half: 'shallow', branch });
  const twice = operationsOf({ half: 'deep', branch }) + shallow - full; // what both halves compute
  const split = cacheInterval > 1 ? twice : 0;
  return (
    (passes.full * (full + split) + passes.gated * (gated + split) + passes.shallow * shallow) / (passes.exact * full)
  );
}

/** Of one pass at 1024×1024. */
function operationsOf(form: UNetForm = {}): number {
  const shape = { batch: 1, height: 128, width: 128, tokens: 77, form };
  return allOperations(countOperations((layersOf) => buildUNet(sdxlConfig, shape, layersOf)));
}

/** The branch of a network that lies where one of the embedded model's does: in the same level, in its last layer or before. */
function branchLike(branch: number, { layersPerBlock }: UNetConfig): number {
  const own = demoConfig.layersPerBlock;
  const level = Math.floor(branch / (own + 1));
  return level * (layersPerBlock + 1) + (branch % (own + 1) === own ? layersPerBlock : 0);
}
