import { decimalToMicro } from '@easel/contract';
import { isLoopback } from '../composition/listen.ts';
import type { Core } from '../composition/open-core.ts';
import type { Config } from '../config/schema.ts';
import { StartupError } from '../startup-error.ts';
import { KeyService } from './keys.ts';
import { isDatabaseInUse, requireSameSecret, secretRemedy } from './require-same-secret.ts';
import type { ServerSecret } from './secret.ts';
import { drawSecret, forgetSecret, readSecret, secretsOfText } from './server-secret.ts';
import { StartingKeys } from './starting-keys.ts';

/** Keys that have just been drawn: shown once and never again. */
export interface FirstKeys {
  readonly admin: string | undefined;
  readonly development: { readonly key: string; readonly credits: string } | undefined;
}

/** Sees to the admin key and the development key; keys that are new last only once `show` has resolved. */
export async function startingKeys(
  core: Core,
  config: Config,
  secret: ServerSecret,
  show: (keys: FirstKeys) => void | Promise<void>,
): Promise<void> {
  const { adminKey, devKey, devCredits, host } = config;
  const keys = new StartingKeys({ ...core, secret, keyService: new KeyService({ ...core, secret }) });
  await keys.ensure({
    admin: { fixed: adminKey },
    development: { fixed: devKey, credits: decimalToMicro(devCredits), isLoopback: isLoopback(host) },
    async show({ admin, development }) {
      const shown = development === null ? undefined : { key: development, credits: devCredits };
      await show({ admin: admin ?? undefined, development: shown });
    },
  });
}

/**
 * The secret that the keys of the database were made with: of `EASEL_SECRET`, else of the data folder, where it is drawn at the first
 * start. A start that is refused leaves no new one behind.
 *
 * @throws StartupError when the database knows another one
 */
export async function openSecret(core: Core, { secret: text }: Config, dataDir: string): Promise<ServerSecret> {
  if (text !== null) return requireSameSecret(core, secretsOfText(text));
  const kept = await readSecret(dataDir);
  if (kept !== null) return requireSameSecret(core, [kept]);
  if (await isDatabaseInUse(core)) {
    throw new StartupError('settings_invalid', `the database has keys, but their server secret is not in ${dataDir}`, {
      remedy: secretRemedy,
    });
  }
  const drawn = await drawSecret(dataDir);
  try {
    return await requireSameSecret(core, [drawn]);
  } catch (error) {
    await forgetSecret(dataDir);
    throw error;
  }
}
