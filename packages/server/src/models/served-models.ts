import { defaultSlug, reservedSlugs } from '@easel/contract';
import { ConfigError } from '../config/config-error.ts';
import type { Config } from '../config/schema.ts';
import type { ServedModel } from './served-model.ts';

/** The name of the embedded model, as the engine's users know it. */
const embedded = 'demo';

/**
 * The models of the configuration, the default one first: it answers to `playground-v2.5`.
 *
 * @throws ConfigError for a name that is taken or reserved
 */
export function servedModels({ model, models, sizes }: Config): ServedModel[] {
  const first = model ?? embedded;
  const others = Object.entries(models).map(([slug, name]) => {
    if (slug === defaultSlug || reservedSlugs.includes(slug)) {
      throw new ConfigError(`models.${slug}: this name is reserved; choose another one`);
    }
    return { slug, model: name, sizes };
  });
  return [{ slug: defaultSlug, model: first, sizes }, ...others];
}
