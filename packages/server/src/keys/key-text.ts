import { randomBytes } from 'node:crypto';
import { StartupError } from '../startup-error.ts';
import type { ServerSecret } from './server-secret.ts';

const KEY = /^SG_[0-9a-f]{16}$/;
const RANDOM_BYTES = 8;
const HINT_LENGTH = 4;

/** `SG_` and 16 lower-case hexadecimal digits: 64 random bits. */
export function newKeyText(): string {
  return `SG_${randomBytes(RANDOM_BYTES).toString('hex')}`;
}

export function isKeyText(text: string): boolean {
  return KEY.test(text);
}

/** @throws StartupError for the text of a setting that is no key; the text is a secret, so that it is not repeated */
export function requireKeyText(text: string, setting: string): void {
  if (isKeyText(text)) return;
  throw new StartupError(
    'settings_invalid',
    `${setting} must be SG_ and 16 lower-case hexadecimal digits (got ${text.length} characters)`,
    { remedy: `create one with: echo "SG_$(openssl rand -hex 8)"` },
  );
}

/** The last four characters. */
export function hintOf(keyText: string): string {
  return keyText.slice(-HINT_LENGTH);
}

/**
 * What is stored in place of a key, and found by. Keyed: without the server's secret the database alone does not tell whether
 * a guess is right, and 64 bits would be few enough to guess.
 */
export function hashOfKey(secret: ServerSecret, keyText: string): Uint8Array {
  return secret.hmac('api key', keyText);
}
