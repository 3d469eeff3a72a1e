import { allOperations, operationsOf as countOperations } from '../../packages/engine/src/components/operations.ts';
import type { UNetConfig } from '../../packages/engine/src/components/unet/config.ts';
import { buildUNet, type UNetForm } from '../../packages/engine/src/components/unet/graph.ts';

/**
 * Multiplications and additions of one pass of a UNet.
 *
 * @param side in latent pixels
 */
export function operationsOf(config: UNetConfig, side: number, form: UNetForm = {}): number {
  return allOperations(
    countOperations((of) => buildUNet(config, { batch: 1, height: side, width: side, tokens: 77, form }, of)),
  );
}
