import { randomBytes, randomUUID } from 'node:crypto';

/** UUID version 7 (RFC 9562 §5.7): 48 bits of milliseconds, then random bits, so that ids sort by the time they were made. */
export function newId(now: number = Date.now()): string {
  const time = now.toString(16).padStart(12, '0');
  const random = randomUUID(); // version 4: its variant bits are version 7's too
  return `${time.slice(0, 8)}-${time.slice(8)}-7${random.slice(15)}`;
}

/** No id that `newId` makes at this time, or later, sorts before it. */
export function firstIdAt(time: number): string {
  const digits = Math.max(0, Math.floor(time)).toString(16).padStart(12, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8)}-7000-8000-000000000000`;
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

export function isId(text: string): boolean {
  return UUID.test(text);
}

/** 128 random bits in hexadecimal: whoever knows the name of a picture may see it. */
export function newImageName(): string {
  return randomBytes(16).toString('hex');
}
