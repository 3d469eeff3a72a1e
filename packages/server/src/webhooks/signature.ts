import { createHmac } from 'node:crypto';
import type { ServerSecret } from '../keys/server-secret.ts';

/** How long events are also signed with the secret before a rotation. */
export const OLD_SECRET_MS = 24 * 60 * 60 * 1000;

/** Whose secret it is, and how often it was rotated. */
export interface SecretState {
  readonly purpose: 'webhook endpoint' | 'webhook account';
  /** Of the endpoint or the account. */
  readonly id: string;
  /** 1 before the first rotation. */
  readonly version: number;
  readonly rotatedAt: Date | null;
}

/** The present secret. It follows from the server's own, so that none is stored: who reads the database can sign nothing. */
export function secretOf(server: ServerSecret, { purpose, id, version }: Omit<SecretState, 'rotatedAt'>): string {
  return `whsec_${Buffer.from(server.hmac(purpose, `${id} ${version}`)).toString('base64')}`;
}

/** Until when the secret before is used, too; null: it is not. */
export function oldSecretUntil(
  { version, rotatedAt }: Pick<SecretState, 'version' | 'rotatedAt'>,
  now: Date,
): Date | null {
  if (version === 1 || rotatedAt === null) return null;
  const until = new Date(rotatedAt.getTime() + OLD_SECRET_MS);
  return until > now ? until : null;
}

/** The secrets that sign an event now, the present one first. */
export function signingSecrets(server: ServerSecret, state: SecretState, now: Date): string[] {
  const present = secretOf(server, state);
  if (oldSecretUntil(state, now) === null) return [present];
  return [present, secretOf(server, { ...state, version: state.version - 1 })];
}

/** The headers of a webhook: Standard Webhooks 1.0, "Signature scheme". */
export function signedHeaders(
  secrets: readonly string[],
  { id, at, body }: { readonly id: string; readonly at: Date; readonly body: string },
): Record<'webhook-id' | 'webhook-timestamp' | 'webhook-signature', string> {
  const timestamp = String(Math.floor(at.getTime() / 1000));
  const signatures = secrets.map((secret) => {
    const key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    return `v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`;
  });
  return { 'webhook-id': id, 'webhook-timestamp': timestamp, 'webhook-signature': signatures.join(' ') };
}
