import type { RunnableModel } from './loading/assemble-model.ts';
import type { DeviceChoice } from './loading/choose-device.ts';
import { findModel } from './loading/find-model.ts';
import { checkedLoadOptions } from './loading/load-options.ts';
import type { LoadOptions } from './model.ts';

/**
 * Loads a model into this process. Its runs block the thread they are on; a program that must stay responsive uses
 * `createEngineHost`, which gives the same interface over a child process.
 *
 * @param pathOrName a diffusers folder, a single-file checkpoint, or the name of one in the models folder
 *   (`$EASEL_MODELS_DIR`, else `~/.local/share/easel/models`)
 * A graphics card is tried in a process of its own before it is used.
 *
 * @throws EngineError `invalid_request`, `device_unavailable`, `model_not_found`, `model_file_missing`, `model_config_invalid`, `model_unsupported`,
 *   `weights_corrupt`, `tensor_missing`, `tensor_shape`, `tensor_dtype`
 * @example
 * const model = await loadModel('/models/playground-v2.5');
 * const { images } = await model.generate({ prompt: 'a red apple on a blue background', seed: 1 });
 * await writeFile('apple.png', await encodeImage(images[0], { format: 'png' }));
 * await model.close();
 */
export async function loadModel(pathOrName: string, options: LoadOptions = {}): Promise<RunnableModel> {
  const checked = checkedLoadOptions(options);
  const { chooseDeviceHere } = await import('./host/probe-devices.ts');
  return loadModelOn(pathOrName, checked, await chooseDeviceHere(checked));
}

/** The same for a device that has been chosen. @param options checked: see `checkedLoadOptions` */
export async function loadModelOn(
  pathOrName: string,
  options: LoadOptions,
  device: DeviceChoice,
): Promise<RunnableModel> {
  // Imported here, so that a program that only talks to a host or shows help does not load ONNX Runtime.
  const { assembleModel } = await import('./loading/assemble-model.ts');
  const { openCheckpoint } = await import('./checkpoints/open-checkpoint.ts');
  const path = findModel(pathOrName, process.env);
  const checkpoint = await openCheckpoint(path, options);
  return assembleModel(checkpoint, options, device);
}
