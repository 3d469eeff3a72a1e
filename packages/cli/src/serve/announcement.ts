import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Listening } from '@easel/server';
import type { ServeFlags } from '../commands/serve.ts';

type ServingOptions = Pick<ServeFlags, 'config' | 'dataDir'>;

/**
 * What `easel serve` says on standard output when it is ready.
 *
 * @param easel how the command is called here
 * @param serving the options that decide which server it is
 */
export function announcement(
  { url, model, isEmbeddedModel, firstKeys }: Listening,
  easel: string,
  serving: ServingOptions,
): string {
  const { admin, development } = firstKeys;
  const lines = [
    `Easel listens on ${url}`,
    `  page        ${url}/ in a browser`,
    `  model       ${model}${isEmbeddedModel ? ' (the small embedded one; --model NAME|PATH serves another)' : ''}`,
  ];
  if (admin !== undefined) lines.push(`  admin key   ${admin}`);
  if (development !== undefined) lines.push(`  your key    ${development.key}   with ${development.credits} credits`);
  if (admin !== undefined || development !== undefined) lines.push('', 'Save these keys: they are not shown again.');
  if (admin !== undefined) {
    lines.push(
      `  more keys:       EASEL_ADMIN_KEY=SG_… ${easel} keys create NAME --account ACCOUNT --new-account --server ${url}`,
      `  lost admin key:  KEY=SG_$(openssl rand -hex 8); echo "$KEY"; EASEL_ADMIN_KEY="$KEY" ${easel} serve${optionsText(serving)}`,
    );
  }
  if (development !== undefined) lines.push('', 'Try:', curlLine(url, development.key));
  return `${lines.join('\n')}\n`;
}

/** As they are written in a POSIX shell. */
function optionsText({ config, dataDir }: ServingOptions): string {
  const given = [
    ['--config', config],
    ['--data-dir', dataDir],
  ].flatMap(([flag, value]) => (value === undefined ? [] : [` ${flag} '${value.replaceAll("'", "'\\''")}'`]));
  return given.join('');
}

/** `./easel` in a clone, by its path from the current folder; `easel` where the package is installed. */
export function commandName(): string {
  const clone = fileURLToPath(new URL('../../../..', import.meta.url));
  const launcher = join(clone, 'easel');
  if (!existsSync(launcher) || !existsSync(join(clone, 'packages', 'cli', 'src'))) return 'easel';
  const path = relative(process.cwd(), launcher);
  return path.startsWith('..') ? launcher : `.${sep}${path}`;
}

function curlLine(url: string, key: string): string {
  const body = JSON.stringify({ prompt: 'a red apple on a blue background', base64: false });
  return `  curl ${url}/v1/playground-v2.5 -H 'x-api-key: ${key}' -H 'content-type: application/json' -d '${body}' -o apple.jpg`;
}
