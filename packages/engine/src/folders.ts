import { homedir } from 'node:os';
import { join, resolve } from 'node:path';

type Environment = Readonly<Record<string, string | undefined>>;

/** Where models are stored by name: `$EASEL_MODELS_DIR`, else `easel/models` in the XDG data folder (`~/.local/share`). */
export function modelsFolder(env: Environment): string {
  return env.EASEL_MODELS_DIR ? resolve(env.EASEL_MODELS_DIR) : join(dataFolder(env), 'models');
}

/** Where the libraries of devices are installed: `$EASEL_DEVICES_DIR`, else `easel/devices` in the XDG data folder. */
export function devicesFolder(env: Environment): string {
  return env.EASEL_DEVICES_DIR ? resolve(env.EASEL_DEVICES_DIR) : join(dataFolder(env), 'devices');
}

/** Where LoRAs are found by name: `$EASEL_LORAS_DIR`, else `easel/loras` in the XDG data folder. */
export function lorasFolder(env: Environment): string {
  return env.EASEL_LORAS_DIR ? resolve(env.EASEL_LORAS_DIR) : join(dataFolder(env), 'loras');
}

/** Where it is noted which licences of models were accepted. */
export function licencesFile(env: Environment): string {
  return join(dataFolder(env), 'licences.json');
}

/** The cache folder, for small data that can be recreated. XDG Base Directory specification. */
export function defaultCacheFolder(env: Environment): string {
  return join(env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'easel');
}

/** The XDG specification requires relative values to be ignored. */
function dataFolder(env: Environment): string {
  const dataHome = env.XDG_DATA_HOME?.startsWith('/')
    ? env.XDG_DATA_HOME
    : join(env.HOME || homedir(), '.local', 'share');
  return join(dataHome, 'easel');
}

/** `…/models--OWNER--NAME/snapshots/COMMIT`, and maybe a file in it. */
const CACHED = /(?:^|[/\\])models--(?<owner>.+?)--(?<name>[^/\\]+)[/\\]snapshots[/\\][^/\\]+(?:[/\\](?<file>.+))?$/;
/** Files that are called so in every repository. */
const GENERIC = /^(?:pytorch_lora_weights|(?:diffusion_pytorch_)?model)(?:\.fp16)?\.safetensors$/;

/** A place in the cache of huggingface_hub, where folders are called after commits. */
export interface HubPlace {
  /** `owner/name` */
  readonly repo: string;
  /** Of the repository; undefined: it is the whole repository, or its only weights, whose name says nothing. */
  readonly file: string | undefined;
}

/**
 * What of the Hub a path is; undefined: it is not in such a cache.
 *
 * @example
 * hubPlace('/hub/models--segmind--SSD-1B/snapshots/60987f37'); // { repo: 'segmind/SSD-1B', file: undefined }
 */
export function hubPlace(path: string): HubPlace | undefined {
  const { owner, name, file } = CACHED.exec(path)?.groups ?? {};
  if (owner === undefined || name === undefined) return undefined;
  const own = file?.replaceAll('\\', '/');
  return { repo: `${owner}/${name}`, file: own === undefined || GENERIC.test(own) ? undefined : own };
}
