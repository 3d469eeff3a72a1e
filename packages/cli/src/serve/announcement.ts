import type { FirstKeys } from '@easel/server';

export interface Listening {
  readonly url: string;
  /** What answers to `playground-v2.5`. */
  readonly model: string;
  readonly isEmbeddedModel: boolean;
  /** Only at the first start: they cannot be shown again. */
  readonly firstKeys: FirstKeys;
}

/** What `easel serve` says on standard output when it is ready. */
export function announcement({ url, model, isEmbeddedModel, firstKeys }: Listening): string {
  const lines = [
    `Easel listens on ${url}`,
    `  page        ${url}/ in a browser`,
    `  model       ${model}${isEmbeddedModel ? ' (the small embedded one; --model takes another)' : ''}`,
  ];
  if (firstKeys.admin !== undefined) lines.push(`  admin key   ${firstKeys.admin}`);
  if (firstKeys.development !== undefined) {
    const { key, credits } = firstKeys.development;
    lines.push(`  your key    ${key}   with ${credits} credits`);
  }
  if (firstKeys.admin !== undefined || firstKeys.development !== undefined) {
    lines.push('Keys are shown this once. Keep them, or make others with: easel keys create');
  }
  if (firstKeys.development !== undefined) lines.push('', 'Try:', curlLine(url, firstKeys.development.key));
  return `${lines.join('\n')}\n`;
}

function curlLine(url: string, key: string): string {
  const body = JSON.stringify({ prompt: 'a red apple on a blue background', base64: false });
  return `  curl ${url}/v1/playground-v2.5 -H 'x-api-key: ${key}' -H 'content-type: application/json' -d '${body}' -o apple.jpg`;
}
