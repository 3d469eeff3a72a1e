import { decimalToMicro } from '@easel/contract';
import type { Config } from '../config/schema.ts';
import { KeyService } from '../domain/keys.ts';
import type { ServerSecret } from '../domain/ports/secret.ts';
import { requireSameSecret } from '../domain/require-same-secret.ts';
import { StartingKeys } from '../domain/starting-keys.ts';
import { isLoopback } from './is-loopback.ts';
import type { Core } from './open-core.ts';

/** Keys that have just been drawn: shown once and never again. */
export interface FirstKeys {
  readonly admin: string | undefined;
  readonly development: { readonly key: string; readonly credits: string } | undefined;
}

/** Sees to the admin key and the development key. */
export async function startingKeys(core: Core, config: Config, secret: ServerSecret): Promise<FirstKeys> {
  await requireSameSecret({ ...core, secret });
  const { adminKey, devKey, devCredits, host } = config;
  const keys = new StartingKeys({ ...core, secret, keyService: new KeyService({ ...core, secret }) });
  const admin = await keys.ensureAdminKey({ fixed: adminKey });
  const key = await keys.ensureDevelopmentKey({
    fixed: devKey,
    credits: decimalToMicro(devCredits),
    isLoopback: isLoopback(host),
  });
  return { admin: admin ?? undefined, development: key === null ? undefined : { key, credits: devCredits } };
}
